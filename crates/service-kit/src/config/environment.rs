//! Telling a process its configuration by its environment: the other way round of reading it.

use serde_json::Value;

/// The variables that tell a service `config`, which has the shape of its file. What is null is left out.
#[must_use]
pub fn environment(config: &Value) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    flatten("LOLJOA", config, &mut variables);
    variables
}

fn flatten(name: &str, value: &Value, variables: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(entries) => {
            for (key, value) in entries {
                flatten(&format!("{name}__{}", key.to_uppercase()), value, variables);
            }
        }
        // In quotes where it is text, lest a password of digits be taken for a number.
        value => variables.push((name.to_owned(), value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_process_is_told_by_its_environment_what_a_task_is_told_by_value() {
        let config = json!({ "database": { "url": "postgres://x", "max_connections": 4 }, "web_root": null });
        let expected =
            [("LOLJOA__DATABASE__MAX_CONNECTIONS", "4"), ("LOLJOA__DATABASE__URL", "\"postgres://x\"")];
        assert_eq!(environment(&config), expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
}
