use axum::body::Body;
use orderhook_runtime::{Call, FilePart, Multipart, Refusal, Upload};
use orderhook_test_features::models::{Echo, Form, Thing};
use orderhook_test_features::server::bodies::*;

use super::{Features, echo};

impl Features {
    /// The bytes of a file, each piece of which is told of when it arrives.
    async fn read(&self, mut file: FilePart) -> Result<String, Refusal> {
        let mut all = Vec::new();
        let about = format!("{:?} {:?}", file.file_name(), file.content_type());
        while let Some(piece) = file.chunk().await? {
            all.extend_from_slice(&piece);
            // A test that does not ask has gone.
            let _ = self.arrived.send(piece);
        }
        Ok(format!("{about} {}", String::from_utf8_lossy(&all)))
    }
}

impl BodiesApi for Features {
    async fn put_json(&self, _: Call<()>, body: Option<Thing>) -> Result<Echo, PutJsonError> {
        Ok(echo(body))
    }

    async fn put_charset(&self, _: Call<()>, body: Thing) -> Result<Thing, PutCharsetError> {
        Ok(body)
    }

    async fn put_form(&self, _: Call<()>, body: Form) -> Result<Echo, PutFormError> {
        Ok(echo(body))
    }

    async fn put_text(&self, _: Call<()>, body: Option<String>) -> Result<String, PutTextError> {
        Ok(format!("{body:?}"))
    }

    async fn put_bytes(&self, _: Call<()>, mut body: Upload) -> Result<Body, PutBytesError> {
        let mut all = Vec::new();
        while let Some(piece) = body.chunk().await? {
            all.extend_from_slice(&piece);
            let _ = self.arrived.send(piece);
        }
        Ok(all.into())
    }

    async fn put_any(&self, _: Call<()>, body: Option<Upload>) -> Result<Echo, PutAnyError> {
        let Some(body) = body else {
            return Ok(echo("absent"));
        };
        let media_type = body.content_type().map(str::to_owned);
        Ok(echo((media_type, body.bytes().await?)))
    }

    async fn post_parts(
        &self,
        _: Call<()>,
        mut body: Multipart<PostPartsPart>,
    ) -> Result<Echo, PostPartsError> {
        let mut parts = Vec::new();
        while let Some(part) = body.next().await? {
            parts.push(match part {
                PostPartsPart::File(file) => format!("file {}", self.read(file).await?),
                PostPartsPart::MoreFiles(file) => format!("more {}", self.read(file).await?),
                PostPartsPart::Name(name) => format!("name {name:?}"),
                part => format!("{part:?}"),
            });
        }
        Ok(Echo {
            read: parts.join("; "),
        })
    }

    async fn post_several(
        &self,
        _: Call<()>,
        body: PostSeveralBody,
    ) -> Result<Echo, PostSeveralError> {
        Ok(match body {
            PostSeveralBody::OctetStream(body) => echo(("bytes", body.bytes().await?)),
            PostSeveralBody::FormData(mut parts) => {
                let mut count = 0;
                while parts.next().await?.is_some() {
                    count += 1;
                }
                echo(("parts", count))
            }
            body => echo(body),
        })
    }
}
