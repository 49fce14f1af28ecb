//! Whether an answer is whole. A parser takes what it finds: half an XML document without the list that it should contain
//! looks like an empty list, and an empty list looks like an assurance. So an answer counts only if it contains what every
//! answer of its protocol contains.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Refuses a successful answer that is not whole.
#[derive(Debug, Clone, Copy)]
pub struct WholeAnswer;

/// The service said yes, and not what to.
#[derive(Debug, thiserror::Error)]
#[error("the answer is not whole")]
pub struct NotWhole;

#[dyn_dispatch_hint]
impl Intercept for WholeAnswer {
    fn name(&self) -> &'static str {
        "WholeAnswer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(body) = context.response().body().bytes() else { return Ok(()) };
        let operation = config.load::<Metadata>().map(Metadata::name).unwrap_or_default();
        let whole = if context.output_or_error().is_ok() { is_whole(body, operation) } else { is_whole_error(body) };
        if whole { Ok(()) } else { Err(NotWhole.into()) }
    }
}

/// Whether the body is the whole answer to the operation: JSON is checked by its parser, unless there is none; XML has
/// the result of the operation, up to the end ("Query protocol", Smithy specification).
fn is_whole(body: &[u8], operation: &str) -> bool {
    let body = body.trim_ascii();
    let has = |text: String| body.windows(text.len()).any(|part| part == text.as_bytes());
    match body.first() {
        Some(b'{') => true,
        Some(b'<') => {
            has(format!("<{operation}Result")) && body.ends_with(format!("</{operation}Response>").as_bytes())
        }
        _ => false,
    }
}

/// Whether an error is not cut: what the service did not find can stand in the part that is there. Errors of a proxy have
/// other forms, and say nothing.
fn is_whole_error(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    !body.starts_with(b"<ErrorResponse") || body.ends_with(b"</ErrorResponse>")
}

#[cfg(test)]
mod tests {
    use super::{is_whole, is_whole_error};

    #[test]
    fn a_cut_error_is_none() {
        let error = b"<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>\n";
        assert!(is_whole_error(error) && !is_whole_error(&error[..60]) && is_whole_error(b"<html>busy</html>"));
    }

    #[test]
    fn an_answer_counts_only_if_it_is_whole() {
        let whole = "<ListUsersResponse xmlns=\"x\"><ListUsersResult><Users/></ListUsersResult></ListUsersResponse>\n";
        assert!(is_whole(whole.as_bytes(), "ListUsers") && is_whole(b"{}", "Query"));
        for cut in 0..whole.trim_end().len() {
            assert!(!is_whole(&whole.as_bytes()[..cut], "ListUsers"), "{}", &whole[..cut]);
        }
        for other in ["<ListUsersResponse/>", "<html></html>", "<ListUsersResponse></ListUsersResponse>", "", "OK"] {
            assert!(!is_whole(other.as_bytes(), "ListUsers"), "{other}");
        }
    }
}
