//! Tables for spreadsheets (RFC 4180), in which no cell is taken for a formula.

/// One row with its line end.
pub(crate) fn row<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let mut row = String::new();
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            row.push(',');
        }
        cell_into(cell.as_ref(), &mut row);
    }
    row.push_str("\r\n");
    row
}

/// A cell that a spreadsheet would compute gets an apostrophe before it, which says "text" to all of them.
fn cell_into(cell: &str, row: &mut String) {
    let computed =
        cell.trim_start().starts_with(['=', '+', '-', '@']) || cell.starts_with(['\t', '\r', '\n']);
    if !computed && !cell.contains([',', '"', '\r', '\n', ';', '\t']) {
        return row.push_str(cell);
    }
    row.push('"');
    if computed {
        row.push('\'');
    }
    row.push_str(&cell.replace('"', "\"\""));
    row.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_keep_their_text_and_compute_nothing() {
        assert_eq!(row(["a", "b c", ""]), "a,b c,\r\n");
        assert_eq!(row(["say \"x\", twice\n"]), "\"say \"\"x\"\", twice\n\"\r\n");
        for formula in
            ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "=HYPERLINK(\"http://x\",\"y\")"]
        {
            let written = row([formula]);
            assert!(written.starts_with("\"'"), "{written}");
        }
    }
}
