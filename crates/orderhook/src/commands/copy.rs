//! `copy`: everything from one database into another.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use orderhook_store::StoreError;
use orderhook_store::copy::{self, CopiedTable, CopyError, Phase, Progress};
use serde::Serialize;
use serde_json::json;

use crate::clock;
use crate::config::Database;
use crate::context::Context;
use crate::exit::Failure;
use crate::output::{Output, Tabular, note};

#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    /// The database to copy: a SQLite file, or the URL of a PostgreSQL database
    #[arg(long, value_name = "FILE|URL")]
    from: String,
    /// The database to copy to, which is made if it is not there, and must be empty
    #[arg(long, value_name = "FILE|URL")]
    to: String,
    /// A file with the password of the PostgreSQL user, in place of one in the URL
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

pub(crate) async fn run(args: CopyArgs, context: &Context) -> Result<(), Failure> {
    let mut from = parse("--from", &args.from)?;
    let mut to = parse("--to", &args.to)?;
    if let Some(path) = &args.password_file {
        add_password(path, [&mut from, &mut to])?;
    }
    let mut report = Report::new();
    let mut observe = |progress| report.tell(progress, clock::now());
    let copied = copy::copy(&place(&from), &place(&to), &mut observe).await;
    report.bar.finish_and_clear();
    let tables: Vec<Copied> = copied
        .map_err(failed)?
        .into_iter()
        .map(Copied::from)
        .collect();
    note(&format!("{from} is copied to {to}"));
    context.output.items(&json!({"tables": tables}), &tables)
}

fn parse(flag: &str, text: &str) -> Result<Database, Failure> {
    // What was given is left out: there can be a password in it.
    let database: Result<Database, _> = text.parse();
    database.map_err(|rule| Failure::usage(format!("{flag} {rule}")))
}

fn add_password(path: &Path, ends: [&mut Database; 2]) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    let text = zeroize::Zeroizing::new(text);
    let password = text.trim_end_matches(['\r', '\n']);
    let mut is_used = false;
    for end in ends {
        if !end.has_password()
            && let Some(with_password) = end.with_password(password)
        {
            *end = with_password;
            is_used = true;
        }
    }
    if is_used {
        Ok(())
    } else {
        let rule = "--password-file is for a PostgreSQL database whose URL has no password";
        Err(Failure::usage(rule))
    }
}

fn place(database: &Database) -> copy::Database {
    match database {
        Database::Sqlite(path) => copy::Database::Sqlite(path.clone()),
        Database::Postgres(url) => copy::Database::Postgres(url.clone()),
    }
}

fn failed(error: CopyError) -> Failure {
    let is_refusal = match &error {
        CopyError::NotEmpty(_) | CopyError::OtherSource => true,
        CopyError::Source(error) | CopyError::Target(error) => {
            matches!(error, StoreError::InUse(_) | StoreError::Unfinished)
        }
        _ => false,
    };
    let error = anyhow::Error::new(error);
    if is_refusal {
        Failure::refused(error)
    } else {
        error.into()
    }
}

/// A table as it is printed.
#[derive(Serialize)]
struct Copied {
    table: &'static str,
    rows: u64,
    checksum: String,
}

impl From<CopiedTable> for Copied {
    fn from(copied: CopiedTable) -> Self {
        Self {
            table: copied.table,
            rows: copied.rows,
            checksum: format!("{:016x}", copied.checksum),
        }
    }
}

impl Tabular for Copied {
    const HEADERS: &'static [&'static str] = &["TABLE", "ROWS", "CHECKSUM"];

    fn cells(&self, _: &Output) -> Vec<String> {
        let rows = self.rows.to_string();
        vec![self.table.to_owned(), rows, self.checksum.clone()]
    }
}

/// How often a line is written where nobody sees a bar.
const BETWEEN_LINES: SignedDuration = SignedDuration::from_secs(5);

/// Tells on stderr how far it is: by a bar on a terminal, else by a line now and then.
struct Report {
    bar: ProgressBar,
    now_at: Option<(Phase, &'static str)>,
    told_at: Option<Timestamp>,
}

impl Report {
    fn new() -> Self {
        Self {
            bar: ProgressBar::no_length(),
            now_at: None,
            told_at: None,
        }
    }

    fn tell(&mut self, progress: Progress, now: Timestamp) {
        if self.bar.is_hidden() {
            self.tell_by_lines(progress, now);
        } else {
            self.tell_by_bar(progress);
        }
    }

    fn tell_by_bar(&mut self, progress: Progress) {
        let place = Some((progress.phase, progress.table));
        if self.now_at != place {
            self.now_at = place;
            self.bar.reset();
            self.bar.set_style(style(progress.total.is_some()));
            self.bar.set_message(title(progress));
            match progress.total {
                Some(total) => self.bar.set_length(total),
                None => self.bar.unset_length(),
            }
        }
        self.bar.set_position(progress.rows);
    }

    fn tell_by_lines(&mut self, progress: Progress, now: Timestamp) {
        let told_at = *self.told_at.get_or_insert(now);
        if now.duration_since(told_at) < BETWEEN_LINES {
            return;
        }
        self.told_at = Some(now);
        let total = match progress.total {
            Some(total) => format!(" of {total}"),
            None => String::new(),
        };
        note(&format!(
            "{}: {}{total} rows",
            title(progress),
            progress.rows
        ));
    }
}

fn title(progress: Progress) -> String {
    let doing = match progress.phase {
        Phase::Counting => "counting",
        Phase::Copying => "copying",
        Phase::Verifying => "verifying",
    };
    format!("{doing} {}", progress.table)
}

fn style(has_total: bool) -> ProgressStyle {
    let template = if has_total {
        "{msg:25} {wide_bar} {human_pos} of {human_len} rows, {per_sec}"
    } else {
        "{msg:25} {spinner} {human_pos} rows, {per_sec}"
    };
    // Without colours or a bar of its own it tells the same.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
