//! The Defenders of tasks that run: when each is listed, and as what.

use std::collections::BTreeMap;

use super::defenders::Defender;
use super::definition::Console;
use super::parameters::Query;
use crate::aws::DefendedTask;

/// The tasks that run behind a Defender, and how often somebody looked while they did.
#[derive(Debug, Default)]
pub(super) struct DefendedTasks {
    running: Vec<DefendedTask>,
    /// Looks by the tasks' ids. A task that stops takes its Defender along.
    looks: BTreeMap<String, u32>,
}

impl DefendedTasks {
    /// Takes what runs now.
    pub(super) fn run(&mut self, running: Vec<DefendedTask>) {
        let mut before = std::mem::take(&mut self.looks);
        let looks = running.iter().map(|task| (task.id.clone(), before.remove(&task.id).unwrap_or(0)));
        self.looks = looks.collect();
        self.running = running;
    }

    /// Returns their Defenders for whoever lists Defenders. A look is what asks for the first page of their type.
    pub(super) fn look(&mut self, console: &Console, query: &Query) -> Vec<Defender> {
        let asks_for_them = query.all("type").next().is_none_or(|_| query.all("type").any(|kind| kind == console.defender_kind));
        let first_page = query.first("offset").is_none_or(|offset| offset == "0");
        if asks_for_them && first_page {
            self.looks.values_mut().for_each(|looks| *looks += 1);
        }
        self.defenders(console)
    }

    /// Returns their Defenders, without a look.
    pub(super) fn defenders(&self, console: &Console) -> Vec<Defender> {
        let mut of_service: BTreeMap<(&str, &str, String), usize> = BTreeMap::new();
        let mut defenders = Vec::new();
        for task in &self.running {
            let place = format!("{}/{}", task.cluster, task.service);
            let number = of_service.entry((&task.account, &task.region, place.clone())).or_default();
            *number += 1;
            let never = console.never_connect.iter().any(|(known, tasks)| *known == place && *number <= *tasks);
            let looks = self.looks.get(&task.id).copied().unwrap_or(0);
            // A Defender that has not connected yet is not known; one that never does was known once.
            if looks < console.connects_at || !is_certified(console, &task.connects_to) {
                continue;
            }
            let listed = if console.defender_per_container { task.containers.len() } else { 1 };
            let containers = task.containers.iter().take(listed);
            defenders.extend(containers.map(|container| defender(task, container, !never)));
        }
        defenders
    }
}

fn defender(task: &DefendedTask, (container, image): &(String, String), connected: bool) -> Defender {
    let version = task.defender_image.rsplit_once("defender_").map_or("", |(_, version)| version).replace('_', ".");
    Defender {
        hostname: task.id.clone(),
        account: task.account.clone(),
        region: task.region.clone(),
        cluster: task.cluster.clone(),
        task: task.id.clone(),
        container: container.clone(),
        image: image.clone(),
        version,
        connected,
    }
}

/// Returns whether a Defender takes the Console's certificate for that of the address that it connects to.
fn is_certified(console: &Console, address: &str) -> bool {
    let host = address.strip_prefix("wss://").and_then(|rest| rest.rsplit_once(':')).map_or(address, |(host, _)| host);
    console.names.is_empty() || console.names.iter().any(|name| name == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(service: &str, id: &str) -> DefendedTask {
        let container = |name: &str| (name.to_owned(), format!("{name}:1"));
        DefendedTask {
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            cluster: "web".to_owned(),
            service: service.to_owned(),
            id: id.to_owned(),
            containers: vec![container("app"), container("proxy")],
            defender_image: "registry-auth.twistlock.com/tw_x/twistlock/defender:defender_34_03_138".to_owned(),
            connects_to: "wss://console.example.test:443".to_owned(),
        }
    }

    /// What is listed when somebody looks, each as `host container`, with a `-` before what is not connected.
    fn listed(tasks: &mut DefendedTasks, console: &Console, query: &str) -> Vec<String> {
        let look = tasks.look(console, &Query::parse(query)).into_iter();
        look.map(|it| format!("{}{} {}", if it.connected { "" } else { "-" }, it.hostname, it.container)).collect()
    }

    #[test]
    fn a_task_is_listed_once_or_once_for_each_container() {
        let mut tasks = DefendedTasks::default();
        tasks.run(vec![task("shop", "1"), task("shop", "2")]);
        assert_eq!(listed(&mut tasks, &Console::new(), ""), ["1 app", "2 app"]);
        let each = Console::new().lists_each_container().never_connects("web/shop", 1);
        assert_eq!(listed(&mut tasks, &each, ""), ["-1 app", "-1 proxy", "2 app", "2 proxy"]);
        assert_eq!(tasks.look(&each, &Query::parse(""))[0].version, "34.03.138");
    }

    #[test]
    fn a_look_is_the_first_page_of_their_type_and_counts_while_a_task_runs() {
        let console = Console::new().defenders_connect_at(2);
        let mut tasks = DefendedTasks::default();
        tasks.run(vec![task("shop", "1")]);
        for no_look in ["type=appEmbedded", "type=fargate&offset=50"] {
            assert!(listed(&mut tasks, &console, no_look).is_empty());
        }
        assert!(listed(&mut tasks, &console, "type=fargate&offset=0").is_empty());
        assert_eq!(listed(&mut tasks, &console, "type=fargate"), ["1 app"]);
        tasks.run(Vec::new());
        tasks.run(vec![task("shop", "1")]);
        assert!(listed(&mut tasks, &console, "").is_empty(), "a task that stopped took its Defender along");
    }

    #[test]
    fn a_defender_that_refuses_the_certificate_does_not_connect() {
        let mut tasks = DefendedTasks::default();
        tasks.run(vec![task("shop", "1")]);
        assert!(listed(&mut tasks, &Console::new().names(&["other.example.test"]), "").is_empty());
        assert_eq!(listed(&mut tasks, &Console::new().names(&["console.example.test"]), ""), ["1 app"]);
    }
}
