//! What a person is told of a value that cannot be read: its key, where it comes from, and what is wanted. Never the value,
//! which may be a secret.

use figment::{
    Figment, Metadata,
    error::{Error, Kind},
    value::Value,
};

/// One problem, in a line.
pub(super) fn problem(sources: &Figment, error: &Error) -> String {
    let key = key(error);
    let what = match &error.kind {
        Kind::InvalidType(_, wanted) => format!("invalid type, expected {wanted}"),
        Kind::InvalidValue(_, wanted) => format!("invalid value, expected {wanted}"),
        Kind::UnknownVariant(_, allowed) => format!("must be one of {}", allowed.join(", ")),
        Kind::UnknownField(_, allowed) => format!("there is no such key, only {}", allowed.join(", ")),
        Kind::Unsupported(_) | Kind::UnsupportedKey(..) => "cannot be used here".to_owned(),
        Kind::Message(text) if tells_the_value(sources, &key, text) => "invalid value".to_owned(),
        other => other.to_string(),
    };
    let origin = origin(error.metadata.as_ref(), &key);
    if key.is_empty() { format!("{what}{origin}") } else { format!("{key}: {what}{origin}") }
}

/// Where a value comes from, in brackets, as far as is known.
pub(super) fn origin(metadata: Option<&Metadata>, key: &str) -> String {
    let Some(metadata) = metadata else { return String::new() };
    match metadata.source.as_ref().and_then(|source| source.file_path()) {
        Some(path) if metadata.name.ends_with("_FILE") => {
            format!(" ({} names {})", metadata.name, path.display())
        }
        Some(path) => format!(" (in {})", path.display()),
        None => format!(" (in LOLJOA__{})", key.to_uppercase().replace('.', "__")),
    }
}

fn key(error: &Error) -> String {
    let mut path = error.path.clone();
    if let Kind::UnknownField(name, _) = &error.kind
        && path.last() != Some(name)
    {
        path.push(name.clone());
    }
    path.join(".")
}

/// Some complaints quote what they complain of.
fn tells_the_value(sources: &Figment, key: &str, text: &str) -> bool {
    sources.find_value(key).is_ok_and(|value| tells(&value, text))
}

/// Whether a text is, or is somewhere in, a value. Of what stands in a table that is told apart by one of its keys, only the
/// table's own key is known.
fn tells(value: &Value, text: &str) -> bool {
    match value {
        Value::String(_, value) => !value.is_empty() && text.contains(value.as_str()),
        Value::Dict(_, values) => values.values().any(|value| tells(value, text)),
        Value::Array(_, values) => values.iter().any(|value| tells(value, text)),
        _ => false,
    }
}
