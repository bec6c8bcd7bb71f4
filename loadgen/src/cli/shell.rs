//! `loadgen completions` and `loadgen man`: the command line, told to shells and to `man`.
use super::{Failure, print};
use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

/// Where a shell looks for it: bash `~/.local/share/bash-completion/completions/loadgen`, zsh a file `_loadgen` in a folder of
/// `$fpath`, fish `~/.config/fish/completions/loadgen.fish`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn completions(args: &Args, command: &Command) -> Result<(), Failure> {
    // What is hidden from help is not offered either.
    let shown = command.get_subcommands().filter(|one| !one.is_hide_set()).cloned();
    let mut command = Command::new("loadgen").version(env!("CARGO_PKG_VERSION")).subcommands(shown);
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "loadgen", &mut script);
    print(&text(script))
}

pub(super) fn man(mut command: Command) -> Result<(), Failure> {
    command.build();
    let mut page = rendered(command.clone(), Man::render)?;
    for subcommand in command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help") {
        // Its own page, of which only what the main page does not say yet.
        let name = format!("loadgen {}", subcommand.get_name());
        page += &format!(".SH \"{}\"\n", name.to_uppercase());
        for part in
            [Man::render_synopsis_section, Man::render_description_section, Man::render_options_section]
        {
            let text = rendered(subcommand.clone().bin_name(&name), part)?;
            // A section within a section.
            page += &text.replace(".SH ", ".SS ");
        }
    }
    print(&page)
}

type Part = fn(&Man, &mut dyn std::io::Write) -> std::io::Result<()>;

fn rendered(command: Command, part: Part) -> Result<String, Failure> {
    let mut page = Vec::new();
    let written = part(&Man::new(command), &mut page);
    written.map_err(|why| Failure::Went(format!("the man page: {why}")))?;
    Ok(text(page))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("it is made of the command line's own texts")
}
