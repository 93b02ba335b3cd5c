//! JSON pointers (RFC 6901), the names that places of a document go by.

/// The pointer to member or item `token` of the value at `parent`.
pub fn join(parent: &str, token: &str) -> String {
    let mut pointer = String::with_capacity(parent.len() + token.len() + 1);
    pointer.push_str(parent);
    pointer.push('/');
    pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
    pointer
}

/// The pointer to the value that holds the one at `pointer`; `None` for the root.
pub fn parent(pointer: &str) -> Option<&str> {
    pointer.rfind('/').map(|slash| &pointer[..slash])
}

/// The last token of `pointer`, unescaped; empty for the root.
pub fn last(pointer: &str) -> String {
    let token = &pointer[pointer.rfind('/').map_or(0, |slash| slash + 1)..];
    token.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_with_slash_and_tilde_survives_the_round_trip() {
        let pointer = join("/paths", "/a~b/{c}");

        assert_eq!(pointer, "/paths/~1a~0b~1{c}");
        assert_eq!(last(&pointer), "/a~b/{c}");
        assert_eq!(parent(&pointer), Some("/paths"));
        assert_eq!(parent(""), None);
    }
}
