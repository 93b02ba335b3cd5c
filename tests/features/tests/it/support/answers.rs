use axum::http::StatusCode;
use orderhook_runtime::{Call, Problem, Refusal};
use orderhook_test_features::models;
use orderhook_test_features::server::answers::*;

use super::{Features, counts, name, names, point, thing};

fn problem() -> Problem {
    Problem::new("as the test asks")
}

fn status(which: &str) -> StatusCode {
    which.parse().unwrap()
}

fn refusal(which: &str) -> Refusal {
    Refusal::new(status(which).as_u16(), problem())
}

impl AnswersApi for Features {
    async fn get_several(
        &self,
        _: Call<()>,
        query: GetSeveralQuery,
    ) -> Result<GetSeveralOk, GetSeveralError> {
        Ok(match query.which.as_str() {
            "json" => GetSeveralOk::OkJson(thing("ä")),
            "text" => GetSeveralOk::OkPlain("text, ä".to_owned()),
            "bytes" => GetSeveralOk::OkOctetStream("bytes".into()),
            "created" => GetSeveralOk::Created {
                body: thing("made"),
                location: name("/things/a,b"),
            },
            "accepted" => GetSeveralOk::Accepted { retry_after: None },
            "later" => GetSeveralOk::Accepted {
                retry_after: Some(models::Count(-7)),
            },
            "nothing" => GetSeveralOk::NoContent,
            "elsewhere" => GetSeveralOk::SeeOther {
                location: name("/ä"),
            },
            "bad" => {
                let title = "a title".to_owned();
                return Err(GetSeveralError::BadRequest(models::Problem { title }));
            }
            "unknown" => return Err(GetSeveralError::NotFound(problem())),
            "conflict" => return Err(conflict(&["a b", "c"])),
            "a comma" => return Err(conflict(&["a,b"])),
            "broken" => return Err(GetSeveralError::InternalServerError("oops".to_owned())),
            "out of range" => return Err(GetSeveralError::ClientError(refusal("503"))),
            which => return Err(refusal(which).into()),
        })
    }

    async fn get_ranges(
        &self,
        _: Call<()>,
        query: GetRangesQuery,
    ) -> Result<GetRangesOk, GetRangesError> {
        let body = thing("in range");
        match query.which.as_str() {
            "out of range" => Ok(GetRangesOk::Success {
                status: StatusCode::SEE_OTHER,
                body,
            }),
            "client error out of range" => Err(GetRangesError::ClientError(refusal("503"))),
            which if which.starts_with('2') => Ok(GetRangesOk::Success {
                status: status(which),
                body,
            }),
            which => Err(refusal(which).into()),
        }
    }

    async fn get_default(
        &self,
        _: Call<()>,
        query: GetDefaultQuery,
    ) -> Result<GetDefaultOk, GetDefaultError> {
        match query.which.as_str() {
            which @ ("404" | "409") => Err(refusal(which).into()),
            which => Ok(GetDefaultOk::Default {
                status: status(which),
                body: thing("by default"),
            }),
        }
    }

    async fn get_answer_headers(
        &self,
        _: Call<()>,
    ) -> Result<GetAnswerHeadersOk, GetAnswerHeadersError> {
        Ok(GetAnswerHeadersOk::Ok {
            body: thing("with headers"),
            x_count: counts(&[-7]).0.remove(0),
            x_names: Some(names(&["a b", "ä", "="])),
            x_point: Some(point(1, Some("a;b"))),
        })
    }

    async fn delete_empty(&self, _: Call<()>) -> Result<DeleteEmptyOk, DeleteEmptyError> {
        Ok(DeleteEmptyOk::NoContent)
    }

    async fn get_any(&self, _: Call<()>) -> Result<GetAnyOk, GetAnyError> {
        Ok(GetAnyOk::Ok {
            media_type: "image/gif".to_owned(),
            body: "gif".into(),
        })
    }
}

fn conflict(holders: &[&str]) -> GetSeveralError {
    GetSeveralError::Conflict {
        body: models::Refusal {
            code: 7,
            message: None,
        },
        x_holders: Some(names(holders)),
    }
}
