//! Templates as a whole: what stacks of them hold, and what is refused.

mod functions;
mod parameters;
mod refused;
mod types;
mod whole;

use serde_json::Value;

use super::{Problem, Stack, StackInput, Template};

fn input() -> StackInput {
    StackInput::new("111122223333", "protect")
}

/// Returns what a stack without parameters holds, or what is wrong, as a person reads it.
fn create(text: &str) -> Result<Stack, String> {
    Template::parse(text).and_then(|template| template.create(&input())).map_err(|problem| problem.to_string())
}

/// Returns what becomes of this value in a template with these lines before its resources; null when it is taken away.
fn valued(before: &str, value: &str) -> Result<Value, String> {
    let text =
        format!("{before}\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: {value}\n");
    let mut stack = create(&text)?;
    let topic = stack.resources.remove("Topic").expect("the template has a topic");
    Ok(topic.properties.get("DisplayName").cloned().unwrap_or(Value::Null))
}

fn parse(text: &str) -> Template {
    Template::parse(text).expect("nothing is wrong with the template")
}

fn made(template: &Template, input: &StackInput) -> Stack {
    template.create(input).expect("nothing is wrong with the stack")
}

fn problem(template: &Template, input: &StackInput) -> Problem {
    template.create(input).expect_err("something is wrong with the stack")
}
