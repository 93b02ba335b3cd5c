//! Completions and manual pages.

use crate::program::Program;

#[test]
fn every_shell_gets_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = Program::new().run(&["completions", shell]).ok();
        assert!(script.contains("rotate-secret"), "{shell}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let program = Program::new();
    assert!(program.run(&["man"]).ok().contains(".TH orderhook"));
    let page = program.run(&["man", "webhooks", "rotate-secret"]).ok();
    assert!(page.contains("overlap"), "{page}");
    program.run(&["man", "nothing"]).failed(2);
}

#[test]
fn they_work_where_the_configuration_does_not() {
    let program = Program::new().file("orderhook.toml", "nonsense");
    program.run(&["completions", "bash"]).ok();
    program.run(&["man"]).ok();
    program.run(&["config", "show"]).failed(2);
}
