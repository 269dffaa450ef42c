//! Answers → bytes, one format a file, to any writer. Nothing is decided here.

mod check;
mod csv;
mod json;
mod summary;
mod text;

pub use crate::visible::visible;
pub use check::{
    Checked, write_github as write_check_github, write_json as write_check_json, write_junit as write_check_junit,
    write_text as write_check_text,
};
pub use csv::{
    COLUMNS, write_header as write_csv_header, write_reply as write_csv_reply, write_reply_header as write_csv_reply_header,
    write_rows as write_csv_rows,
};
pub use json::{write_mail as write_json, write_reply as write_json_reply};
pub use summary::Tally;
pub use text::{
    Look, write_explained, write_explained_reply, write_mail as write_text, write_reply as write_text_reply,
    write_row as write_text_row,
};
