//! Documents edited as text. [`embedding`] is the promise that matters most: what is embedded and taken out again leaves a file
//! as it was, byte for byte.

mod support;

mod embedding;
mod generated_json;
mod generated_yaml;
mod json;
mod parts;
mod reading;
mod writing;
mod yaml;
mod yaml_comments;
