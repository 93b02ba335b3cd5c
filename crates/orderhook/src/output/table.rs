//! Columns of text.

use comfy_table::{Table, presets};

/// A line for each row below a line of headers.
pub(crate) fn list(headers: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = empty();
    table.set_header(headers);
    for row in rows {
        table.add_row(row.iter().map(|cell| clean(cell)));
    }
    finish(&table)
}

/// A line for each cell, behind its header; empty cells are left out.
pub(crate) fn record(headers: &[&str], cells: Vec<String>) -> String {
    let mut table = empty();
    for (header, cell) in headers.iter().zip(cells) {
        if !cell.is_empty() {
            table.add_row([(*header).to_owned(), clean(&cell)]);
        }
    }
    finish(&table)
}

/// `text` without characters that a terminal would obey: some of what is shown was written by
/// strangers.
pub(crate) fn clean(text: &str) -> String {
    let is_obeyed = |c: char| c.is_control() && c != '\n';
    if !text.contains(is_obeyed) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| if is_obeyed(c) { '\u{fffd}' } else { c })
        .collect()
}

fn empty() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

/// Without the space that the preset begins and ends every line with.
fn finish(table: &Table) -> String {
    let text = table.to_string();
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = vec![
            vec!["1".to_owned(), "first".to_owned()],
            vec!["1000".to_owned(), "\u{1b}[31mred".to_owned()],
        ];
        assert_eq!(
            list(&["ID", "NAME"], rows),
            "ID    NAME\n1     first\n1000  \u{fffd}[31mred"
        );
    }

    #[test]
    fn a_record_leaves_out_what_is_empty() {
        let cells = vec!["1".to_owned(), String::new(), "x".to_owned()];
        assert_eq!(record(&["ID", "URL", "NAME"], cells), "ID    1\nNAME  x");
    }
}
