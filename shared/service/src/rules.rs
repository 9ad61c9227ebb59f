//! Rules of a workspace, and trying them out.

pub mod edit_rules;
pub mod rule_context;
pub mod test_rules;
