//! The result, as a table people can read and paste.

/// One measured line.
pub(crate) struct Line {
    pub(crate) case: String,
    pub(crate) who: String,
    pub(crate) seconds: f64,
    pub(crate) rows: Option<f64>,
    pub(crate) peak_mib: f64,
    /// Wall time of the yardstick divided by this one's: above 1 is faster than the yardstick.
    pub(crate) ratio: Option<(f64, String)>,
}

/// Prints the head.
pub(crate) fn head() {
    println!("| case | who | s | M rows/s | peak MiB | speed |\n|---|---|---:|---:|---:|---|");
}

impl Line {
    /// Prints the line.
    pub(crate) fn print(&self) {
        let rate = self.rows.map_or_else(String::new, |rows| format!("{:.2}", rows / self.seconds / 1e6));
        let ratio = self.ratio.as_ref().map_or_else(String::new, |(ratio, of)| format!("{ratio:.2} × {of}"));
        println!("| {} | {} | {:.2} | {rate} | {:.0} | {ratio} |", self.case, self.who, self.seconds, self.peak_mib);
    }
}
