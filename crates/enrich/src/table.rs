//! The form of the tables in `tables/`: lines of cells parted by tabs, `#` opening a remark.

/// The rows of a table, each an iterator over its cells; a cell past the last is empty.
pub(crate) fn rows(table: &'static str) -> impl Iterator<Item = Row> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| Row {
            cells: line.split('\t'),
        })
}

/// One row; cells are taken in their order.
pub(crate) struct Row {
    cells: std::str::Split<'static, char>,
}

impl Row {
    /// The next cell, empty past the last.
    pub fn cell(&mut self) -> &'static str {
        self.cells.next().unwrap_or("")
    }

    /// The next cell, unless it is empty.
    pub fn filled(&mut self) -> Option<&'static str> {
        self.cells.next().filter(|cell| !cell.is_empty())
    }
}
