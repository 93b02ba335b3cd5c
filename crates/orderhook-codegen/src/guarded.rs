//! Calls of libraries that panic on what they can't express.

use std::any::Any;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls typify or progenitor, and turns a panic into the message of an error.
///
/// Both say `todo!()`, `unwrap()` and `assert!` where a document has what they don't know, and a
/// broken document must get an error that names its place. The panic hook is the program's, so
/// what the library prints before it gives up stays as it is. What a panic leaves half done must
/// not be used again: callers pass the error on and drop the rest.
pub(crate) fn guarded<T, E: Display>(call: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| first_line(&error.to_string())),
        Err(panic) => Err(first_line(text(&*panic))),
    }
}

fn text(panic: &(dyn Any + Send)) -> &str {
    match panic.downcast_ref::<String>() {
        Some(text) => text,
        None => panic.downcast_ref::<&str>().copied().unwrap_or_default(),
    }
}

/// Behind the first line stand dumps of values and advice for the library's own developers.
fn first_line(text: &str) -> String {
    let first = text.lines().next().unwrap_or("no reason given");
    first.trim_end_matches([':', '.', '{', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_panics_become_their_first_line() {
        #[track_caller]
        fn check(call: impl FnOnce() -> Result<(), String>, expected: &str) {
            assert_eq!(guarded(call), Err(expected.to_owned()));
        }
        check(|| Err("refused".to_owned()), "refused");
        check(|| Err("unknown Cookie {\n}".to_owned()), "unknown Cookie");
        check(|| panic!("a text"), "a text");
        check(|| panic!("value {}:\n{:?}", 1, [2]), "value 1");
        check(|| std::panic::panic_any(7), "no reason given");
        assert_eq!(guarded(|| Ok::<_, String>(7)), Ok(7));
    }
}
