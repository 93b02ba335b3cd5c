//! The help of every command, as a person reads it.

use crate::program::Program;

#[test]
fn the_help_of_every_command_is_as_it_was() {
    let program = Program::new();
    let mut waiting = vec![Vec::<String>::new()];
    while let Some(command) = waiting.pop() {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = program.run(&arguments).ok();
        for name in subcommands(&help) {
            waiting.push(command.iter().cloned().chain([name]).collect());
        }
        let name = match command.is_empty() {
            true => "orderhook".to_owned(),
            false => command.join("_"),
        };
        insta::assert_snapshot!(name, without_global_options(&help));
    }
}

/// The commands that a help lists.
fn subcommands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .filter(|name| name != "help")
        .collect()
}

/// The help without what is the same on every page; the first page keeps it.
fn without_global_options(help: &str) -> &str {
    if help.contains("\nCommands:\n  serve ") {
        return help;
    }
    help.split("\nGlobal options:").next().unwrap()
}
