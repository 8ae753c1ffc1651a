const LONGEST: usize = 100;

/// Text of a stranger, as the database can hold it.
pub(super) fn clean(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}
