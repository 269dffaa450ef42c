//! The build script: rule files (TOML) and lists of words → constants of the program, so that starting it costs nothing however
//! many there are. A wrong rule file stops the build with file, line and what is wrong.
//!
//! It is made of the library's own modules: what reads a user's rule file at run time reads the built-in ones here. In the
//! program itself `cfg(compiled)` holds: there the constants are.
#![allow(dead_code, unused_imports, unreachable_pub, unexpected_cfgs)]

mod bits;
mod limits;
mod phrases;
mod reply;
mod report {
    pub(crate) mod mark;
    pub(crate) mod challenge {
        pub(crate) mod table;
    }
    pub(crate) mod dialect {
        pub(crate) mod table;
    }
    pub(crate) mod words {
        pub(crate) mod lists;
    }
}
mod rules;
mod verdict;
mod visible;

use std::path::Path;
use std::process::ExitCode;

use rules::{Source, Table};

fn main() -> ExitCode {
    println!("cargo::rustc-check-cfg=cfg(compiled)");
    println!("cargo::rustc-cfg=compiled");
    for folder in ["phrases", "reply", "report/challenge", "report/dialect", "report/words", "rules"] {
        println!("cargo::rerun-if-changed=src/{folder}");
    }
    for module in ["bits", "build", "limits", "phrases", "reply", "report/mark", "rules", "verdict", "visible"] {
        println!("cargo::rerun-if-changed=src/{module}.rs");
    }
    match compile() {
        Ok(()) => ExitCode::SUCCESS,
        Err(errors) => {
            for error in errors {
                println!("cargo::error={error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn compile() -> Result<(), Vec<String>> {
    let read = |name: &&str| {
        std::fs::read_to_string(Path::new("src/rules").join(name)).map_err(|error| vec![format!("src/rules/{name}: {error}")])
    };
    let texts = rules::FILES.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let sources: Vec<Source<'_>> = rules::FILES.iter().zip(&texts).map(|(name, text)| Source { name, text }).collect();
    let table = Table::from_sources(&sources)
        .map_err(|errors| errors.iter().map(|error| format!("src/rules/{error}")).collect::<Vec<_>>())?;
    let folder = std::env::var("OUT_DIR").map_err(|error| vec![error.to_string()])?;
    let own = [("built_in_rules", rules::source(&table)), ("stages", reply::source())];
    for (name, source) in own.into_iter().chain(report::words::lists::sources()) {
        let file = Path::new(&folder).join(name).with_extension("rs");
        std::fs::write(&file, source).map_err(|error| vec![format!("{}: {error}", file.display())])?;
    }
    Ok(())
}
