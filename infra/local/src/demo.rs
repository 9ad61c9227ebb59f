//! demo

/// Why the demonstration ended.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {}

/// Plays it.
pub async fn run(_out: &mut impl std::io::Write) -> Result<(), DemoError> {
    Ok(())
}
