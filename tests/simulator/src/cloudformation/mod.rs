//! AWS CloudFormation as far as the project's own template needs it: a [`Template`] is read, and a [`Stack`] is what it would
//! hold.
//!
//! Whatever is not known in here is an error that says where: another section, attribute, function, pseudo parameter or resource
//! type, and a name that nothing has. What is known has CloudFormation's meaning. Nothing checks the properties of a resource,
//! and a dynamic reference (`{{resolve:...}}`) stays as it is written.
//!
//! `yaml` reads text; `declared`, `parameter`, `expression`, `test`, `rule`, `resource` and `output` read the sections, and find
//! all that is wrong without a stack; `template` puts them together. `evaluate` and `create` make a stack of it, with `physical`
//! for the names and ARNs that AWS would give.

mod create;
mod declared;
mod evaluate;
mod expression;
mod order;
mod output;
mod parameter;
mod physical;
mod problem;
mod resource;
mod rule;
mod stack;
mod sub;
mod template;
mod test;
#[cfg(test)]
mod tests;
mod yaml;

pub use parameter::{Parameter, ParameterKind};
pub use problem::Problem;
pub use stack::{Resource, Stack, StackInput};
pub use template::{MAX_BODY_BYTES, Template};
