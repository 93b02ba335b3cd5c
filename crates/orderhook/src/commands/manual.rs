//! `completions` and `man`: made from the same definitions as the help.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::Failure;
use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The command, such as `webhooks list`; the whole program if not given
    command: Vec<String>,
}

pub(crate) fn completions(args: &CompletionsArgs, output: Output) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "orderhook", &mut script);
    output.bytes(&script)
}

pub(crate) fn man(args: &ManArgs, output: Output) -> Result<(), Failure> {
    let mut program = Cli::command();
    // Fills in what commands inherit, such as their full names and the global options.
    program.build();
    let mut command = &program;
    for name in &args.command {
        command = command.find_subcommand(name).ok_or_else(|| {
            Failure::usage(format!("there is no command `{}`", args.command.join(" ")))
        })?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    output.bytes(&page)
}
