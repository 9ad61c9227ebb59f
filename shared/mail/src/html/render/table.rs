//! Tables as lines: a row is a line, its cells stand apart.

use crate::html::Tag;

#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a separate observation of the same row")]
struct Table {
    /// It shows data: it has borders or headings. Most tables in mail only arrange the page.
    is_data: bool,
    in_row: bool,
    /// Cells begun in this row.
    cells: usize,
    /// Cells begun since the last text of this row.
    pending: usize,
    /// There is text in this row.
    has_text: bool,
    /// There is text in this cell.
    cell_has_text: bool,
}

/// Tables within tables followed at most.
const MAX_OPEN: usize = 64;
/// Empty cells shown in a row.
const MAX_EMPTY: usize = 32;

/// The open tables.
#[derive(Default)]
pub(super) struct Tables(Vec<Table>);

impl Tables {
    pub(super) fn open(&mut self, tag: &Tag<'_>) {
        if self.0.len() < MAX_OPEN {
            let border = tag.attribute("border").is_some_and(|width| !matches!(width.trim(), "0" | ""));
            let word = tag.attribute("class").is_some_and(|class| class.contains("MsoTableGrid"));
            self.0.push(Table { is_data: border || word, ..Table::default() });
        }
    }

    /// Says whether it was one of data.
    pub(super) fn close(&mut self) -> bool {
        let closed = self.0.pop();
        // What stands in an inner table stands in a cell of the outer one.
        self.note_text();
        closed.is_some_and(|table| table.is_data)
    }

    pub(super) fn row(&mut self, is_end: bool) {
        if let Some(table) = self.0.last_mut() {
            *table = Table { is_data: table.is_data, in_row: !is_end, ..Table::default() };
        }
    }

    /// Begins a cell. Says whether it goes on in the line of the cell before.
    pub(super) fn cell(&mut self, is_heading: bool) -> bool {
        let Some(table) = self.0.last_mut() else { return false };
        table.is_data |= is_heading;
        table.in_row = true;
        table.pending += usize::from(table.cells > 0);
        table.cells += 1;
        table.cell_has_text = false;
        table.is_data && table.has_text
    }

    /// How many separators are due before the next text, which begins a line or goes on in one.
    pub(super) fn separator(&mut self, new_line: bool) -> usize {
        let Some(table) = self.0.last_mut().filter(|table| table.in_row) else { return 0 };
        let due = match (table.is_data, table.pending) {
            // Empty cells count, so that what follows stands under its heading.
            (true, pending) => pending.min(MAX_EMPTY),
            (false, 0) => 0,
            (false, _) => usize::from(table.has_text && !new_line),
        };
        self.note_text();
        due
    }

    fn note_text(&mut self) {
        if let Some(table) = self.0.last_mut() {
            table.pending = 0;
            table.has_text = true;
            table.cell_has_text = true;
        }
    }

    /// In a cell of a table of data: whether it has no text yet. `None` outside.
    pub(super) fn is_at_start_of_cell(&self) -> Option<bool> {
        self.0.last().filter(|table| table.is_data && table.in_row && table.cells > 0).map(|table| !table.cell_has_text)
    }
}
