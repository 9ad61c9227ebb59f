/// The region this machine plays.
pub const REGION: &str = "us-east-1";
