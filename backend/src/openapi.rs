//! The description of the API, made from the code.

use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, Ref, RefOr, ResponseBuilder, SecurityRequirement,
};
use utoipa::{Modify, PartialSchema as _, ToSchema as _};

use crate::error::{FieldError, Problem};
use crate::routes;

const BEARER: &str = "bearer";

/// What needs no access token. A test calls every other operation without one and expects 401.
pub const PUBLIC: &[(&str, &str)] = &[
    ("post", "/auth/register"),
    ("post", "/auth/login"),
    ("post", "/auth/refresh"),
    ("post", "/auth/logout"),
    ("get", "/.well-known/jwks.json"),
    ("get", "/health"),
    ("get", "/healthz"),
    ("get", "/health/ready"),
    ("get", "/metrics"),
    ("post", "/livekit/webhook"),
];

/// What is true of the whole API.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Avaaz",
        description = "A voice tutor that you host yourself. Errors are `application/problem+json` with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "auth", description = "Accounts and tokens"),
        (name = "sessions", description = "A learner's durable thread with the tutor"),
        (name = "conversations", description = "Live sittings, and what was said in them"),
        (name = "memory", description = "What the tutor remembers, and what it is told"),
        (name = "my data", description = "Everything that is kept of a learner"),
        (name = "documents", description = "What learners upload for their tutor, and its passages"),
        (name = "livekit", description = "What the voice server tells us"),
        (name = "operation", description = "For whoever runs the server")
    )
)]
pub struct ApiDoc;

/// Returns the description of every route, with what is common to all of them.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = routes::api().into_openapi();
    Common.modify(&mut document);
    document
}

/// Adds the bearer token and the shape of errors to every operation.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document
            .components
            .get_or_insert_with(|| ComponentsBuilder::new().build());
        components.add_security_scheme(
            BEARER,
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        );
        components
            .schemas
            .insert(Problem::name().into_owned(), Problem::schema());
        components
            .schemas
            .insert(FieldError::name().into_owned(), FieldError::schema());
        for (path, item) in &mut document.paths.paths {
            let operations = [
                ("get", &mut item.get),
                ("post", &mut item.post),
                ("patch", &mut item.patch),
                ("put", &mut item.put),
                ("delete", &mut item.delete),
            ];
            for (method, operation) in operations {
                let Some(operation) = operation else { continue };
                if !PUBLIC.contains(&(method, path.as_str())) {
                    operation.security =
                        Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
                }
                operation.operation_id = Some(operation_id(method, path));
                add_problem(operation);
            }
        }
    }
}

/// Names an operation by what is called: a handler's own name, such as `show`, is not the only one of its kind, and
/// generated clients then mix up what the two answer.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(['/', '.', '-']).filter(|word| !word.is_empty());
    let words = words.map(|word| word.trim_matches(['{', '}']));
    std::iter::once(method)
        .chain(words)
        .collect::<Vec<_>>()
        .join("_")
}

fn add_problem(operation: &mut Operation) {
    let schema = RefOr::Ref(Ref::from_schema_name(Problem::name()));
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let refusal = ResponseBuilder::new()
        .description("A problem; `code` says which")
        .content("application/problem+json", content);
    operation
        .responses
        .responses
        .insert("default".into(), RefOr::T(refusal.build()));
}
