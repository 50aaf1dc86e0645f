//! `afsa verify`.
use std::io::Write;

use super::CommandError;
use crate::config::Config;

pub fn run(_config: &Config, _out: &mut dyn Write) -> Result<(), CommandError> {
    Err(CommandError::Other("not wired".to_owned()))
}
