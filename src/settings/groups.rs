//! The groups of settings: the Console, image registries, the scope, the policy.

use super::reader::Reader;
use super::registries::{CA_BUNDLE, DOCKER_AUTH_CONFIG, DOCKER_PASSWORD, DOCKER_USER, RegistryTexts, unfolded};
use super::{ConsoleAccess, ConsoleSettings, PASSWORD, Problem, not_a_console};
use crate::cli::Given;
use crate::console::{CaBundle, ConsoleUrl};
use crate::plan::policy::Policy;
use crate::plan::scope::{Mode, Scope};
use crate::plan::template::{BadTemplate, Template};

impl Reader {
    pub(super) fn console(&mut self, given: &Given, password: Option<String>) -> Option<ConsoleSettings> {
        let before = self.problems.len();
        let secret = self.text("PCC_SECRET", given.pcc_secret.clone());
        let secret = secret.filter(|name| {
            let right = name.len() <= 2048 && name.chars().all(|it| it.is_ascii_alphanumeric() || "/_+=.@:!-".contains(it));
            if !right {
                // Not shown: ECS can put the secret's content in the place of its name, with `secrets` instead of `environment`.
                let text = "it is not the name or ARN of a secret; give the name, not what the secret holds";
                self.problem("PCC_SECRET", text.to_owned());
            }
            right
        });
        let url = self.text("PCC_URL", given.pcc_url.clone());
        let user = self.text("PCC_USER", given.pcc_user.clone());
        let password = self.text(PASSWORD, password);
        let defenders_connect_to = self.text("PCC_SAN", given.pcc_san.clone());
        let of_a_host = |character: char| character.is_ascii_alphanumeric() || ".-_".contains(character);
        if let Some(name) = defenders_connect_to.as_ref().filter(|name| !name.chars().all(of_a_host)) {
            // Not shown when it looks like a URL, which may hold a password.
            let shown = if name.contains(['@', '/', ':']) { "it".to_owned() } else { format!("{name:?}") };
            self.problem("PCC_SAN", format!("{shown} is not a host name; give it without scheme, port and path"));
        }
        let url_given = url.is_some();
        let url = url.and_then(|url| match ConsoleUrl::parse(&url) {
            Ok(url) => Some(url),
            Err(problem) => {
                self.problem("PCC_URL", not_a_console(problem));
                None
            }
        });
        let access = match (secret, url_given, url, user, password) {
            (Some(secret), false, None, None, None) => Some(ConsoleAccess::Secret(secret)),
            (Some(_), ..) => {
                let text = "it is given together with PCC_URL, PCC_USER or PCC_PASS; give the secret, or all three of the others";
                self.problem("PCC_SECRET", text.to_owned());
                None
            }
            (None, _, Some(url), Some(user), Some(password)) => {
                Some(ConsoleAccess::Given { url, user: user.into(), password: password.into() })
            }
            (None, false, None, None, None) if before == self.problems.len() => {
                let text = "no Console is given; there are three ways: name the secret in Secrets Manager that holds PCC_URL, PCC_USER and \
                            PCC_PASS (PCC_SECRET); give PCC_URL, PCC_USER and PCC_PASS themselves; or put either into a file and name \
                            it with --env-file";
                self.problem("PCC_SECRET", text.to_owned());
                None
            }
            (None, url_given, _, user, password) => {
                let missing = [("PCC_URL", !url_given), ("PCC_USER", user.is_none()), (PASSWORD, password.is_none())];
                for (name, _) in missing.into_iter().filter(|(_, missing)| *missing) {
                    let text = "it is missing; PCC_URL, PCC_USER and PCC_PASS are needed together, unless PCC_SECRET is given";
                    self.problem(name, text.to_owned());
                }
                None
            }
        };
        let authorities = self.text(CA_BUNDLE, given.pcc_ca_bundle.clone()).and_then(|text| self.authorities(&text));
        let project = self.text("PCC_PROJECT", given.pcc_project.clone());
        Some(ConsoleSettings { access: access?, defenders_connect_to, authorities, project })
    }

    /// Reads certificates, from a file unless they are given themselves, as a task's environment can only.
    fn authorities(&mut self, text: &str) -> Option<CaBundle> {
        let read = if text.contains("-----BEGIN") {
            CaBundle::from_pem(unfolded(text).as_bytes()).map_err(|problem| problem.to_string())
        } else {
            // Not shown: ECS can put a secret's content in the place of a path, with `secrets` instead of `environment`.
            let pem = std::fs::read(text.trim()).map_err(|error| format!("could not read a file by this name: {error}"));
            pem.and_then(|pem| CaBundle::from_pem(&pem).map_err(|problem| format!("in the file, {problem}")))
        };
        read.map_err(|problem| {
            self.problem(CA_BUNDLE, format!("{problem}; give certificates in PEM, or the path of a file that holds them"));
        })
        .ok()
    }

    /// Reads credentials for image registries. With a secret, which may hold the rest of them, half of a pair is no mistake yet.
    pub(super) fn registries(
        &mut self,
        user: Option<String>,
        password: Option<String>,
        auth_config: Option<String>,
        with_secret: bool,
    ) -> RegistryTexts {
        let texts = RegistryTexts {
            user: self.text(DOCKER_USER, user).map(Into::into),
            password: self.text(DOCKER_PASSWORD, password).map(Into::into),
            auth_config: self.text(DOCKER_AUTH_CONFIG, auth_config).map(Into::into),
        };
        let checked = if with_secret { texts.by_registry().map(drop) } else { texts.logins().map(drop) };
        self.problems.extend(checked.err());
        texts
    }

    pub(super) fn scope(&mut self, given: &Given, environment: &impl Fn(&str) -> Option<String>) -> Scope {
        let mode = match self.text("DEPLOYMENT_MODE", given.deployment_mode.clone()) {
            None => Mode::Organization,
            Some(text) if text.trim().eq_ignore_ascii_case("ORG") => Mode::Organization,
            Some(text) if text.trim().eq_ignore_ascii_case("SINGLE") => Mode::Single,
            Some(text) => {
                self.problem("DEPLOYMENT_MODE", format!("{text:?} is not a mode; give ORG or SINGLE"));
                Mode::Organization
            }
        };
        let scope = Scope {
            mode,
            accounts: self.list("ACCOUNTS", given.accounts.clone()),
            excluded_accounts: self.list("EXCLUDE_ACCOUNTS", given.exclude_accounts.clone()).unwrap_or_default(),
            regions: self.list("REGIONS", given.regions.clone()),
            clusters: self.list("CLUSTERS", given.clusters.clone()),
            units: self.list("ORGANIZATIONAL_UNITS", given.organizational_units.clone()),
            shard: self.shard(given, environment),
            service: None,
        };
        for cluster in scope.clusters.iter().flatten().filter(|cluster| !scope.reaches(cluster)) {
            let text = format!("{cluster} is not in the accounts and Regions that ACCOUNTS, EXCLUDE_ACCOUNTS and REGIONS leave");
            self.problems.push(Problem { setting: "CLUSTERS".to_owned(), text });
        }
        if mode == Mode::Single && scope.units.is_some() {
            let text = "it has no meaning with DEPLOYMENT_MODE=SINGLE, which walks the caller's own account only";
            self.problem("ORGANIZATIONAL_UNITS", text.to_owned());
        }
        scope
    }

    fn template(&mut self, name: &str, given: Option<String>) -> Option<Template> {
        let text = self.text(name, given)?;
        text.parse().map_err(|problem: BadTemplate| self.problem(name, format!("it cannot be filled in: {problem}"))).ok()
    }

    pub(super) fn policy(&mut self, given: &Given) -> Policy {
        let waas_port = self.text("WAAS_PORT", given.waas_port.clone()).and_then(|text| {
            let port = text.trim().parse::<u16>().ok().filter(|port| *port > 0);
            if port.is_none() {
                self.problem("WAAS_PORT", format!("{text:?} is not a port; give a number from 1 to 65535"));
            }
            port
        });
        let defender_image = self.template("DEFENDER_IMAGE", given.defender_image.clone());
        let pull_secret = self.template("DEFENDER_IMAGE_PULL_SECRET", given.defender_image_pull_secret.clone());
        if pull_secret.is_some() && defender_image.is_none() {
            let text = "it is the secret for DEFENDER_IMAGE, which is not given";
            self.problem("DEFENDER_IMAGE_PULL_SECRET", text.to_owned());
        }
        if pull_secret.as_ref().is_some_and(Template::names_version) {
            let text = "{version} has no place in the name of a secret; {account} and {region} are filled in";
            self.problem("DEFENDER_IMAGE_PULL_SECRET", text.to_owned());
        }
        let upgrade = self.boolean("UPGRADE", given.upgrade.clone(), true);
        let reembed = self.boolean("REEMBED", given.reembed.clone(), false);
        if reembed && !upgrade {
            self.problem("REEMBED", "it replaces every Defender, and UPGRADE=false replaces none; give one of them".to_owned());
        }
        Policy {
            defender_image,
            defender_image_pull_secret: pull_secret,
            interpreter: self.text("INTERPRETER", given.interpreter.clone()),
            upgrade,
            reembed,
            file_system_monitoring: self.boolean("FS_MONITOR", given.fs_monitor.clone(), false),
            fips: self.boolean("FIPS_ENABLED", given.fips_enabled.clone(), false),
            waas_port,
            allow_arm64: self.boolean("ALLOW_ARM64", given.allow_arm64.clone(), false),
            retry_failed: self.boolean("RETRY_FAILED", given.retry_failed.clone(), false),
            reverted: self.reverted(given),
            pin_images: self.boolean("PIN_IMAGES", given.pin_images.clone(), false),
            registry_type: self.text("REGISTRY_TYPE", given.registry_type.clone()),
            credential_id: self.text("CREDENTIAL_ID", given.credential_id.clone()),
        }
    }
}
