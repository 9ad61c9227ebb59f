//! Rules of a workspace: kept, tried out, and carried out.

mod act;
pub mod edit_rules;
mod foresee;
pub mod list_runs;
pub mod list_thread_runs;
pub(crate) mod queue_rules;
pub mod rule_context;
pub mod run_rules;
pub mod test_rules;
