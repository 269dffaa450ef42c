//! Answers → bytes, one format a file, to any writer. Nothing is decided here.

mod csv;
mod json;
mod text;
mod visible;

pub use csv::{COLUMNS, write_header as write_csv_header, write_rows as write_csv_rows};
pub use json::{write_mail as write_json, write_reply as write_json_reply};
pub use visible::visible;
