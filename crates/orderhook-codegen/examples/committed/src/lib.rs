//! A client whose code is committed, where everybody can read it and a diff shows what a change of the
//! document does.
//!
//! `src/generated` was written, from the folder of this package, by
//!
//! ```sh
//! cargo orderhook-gen ../../../../tests/corpus/dropshot/test_versions_v1.3.1.json --out src/generated --only client
//! ```

mod generated;

pub use generated::client::{Client, Error, ResponseValue};
pub use generated::models;

#[cfg(test)]
mod tests {
    use axum::Json;
    use axum::routing::{get, put};
    use orderhook_codegen::Generator;
    use tokio::net::TcpListener;

    use super::*;

    /// The same as `cargo orderhook-gen … --check`.
    #[test]
    fn generated_code_is_fresh() {
        let folder = env!("CARGO_MANIFEST_DIR");
        let spec = format!("{folder}/../../../../tests/corpus/dropshot/test_versions_v1.3.1.json");
        let generator = Generator::new().server(false);
        let generated = generator.load(spec).expect("it can be generated");

        let stale = generated.compare(format!("{folder}/src/generated"));

        let stale = stale.expect("files can be read");
        assert!(stale.is_empty(), "{stale:?}");
    }

    #[tokio::test]
    async fn the_client_calls() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let methods = get(async || Json("read")).merge(put(async || Json("written")));
        let router = axum::Router::new().route("/demo", methods);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let client = Client::new(&url);

        let read = client.handler3().send().await.expect("answers");
        assert_eq!(read.into_inner(), "read");
        let written = client.handler4().send().await.expect("answers");
        assert_eq!(written.into_inner(), "written");
    }
}
