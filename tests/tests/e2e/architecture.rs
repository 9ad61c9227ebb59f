//! Dependencies point inward only, functions are plugs, and documents lead somewhere.

use std::{collections::BTreeMap, path::Path};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Ours, from the inside out. A package may depend on those of a smaller number only.
fn layer(name: &str) -> u8 {
    match name {
        "actionlayer-domain" | "crc-fast" => 0,
        "actionlayer-mail" | "actionlayer-store" => 1,
        "actionlayer-channels" | "actionlayer-clients" => 2,
        "actionlayer-pages" | "actionlayer-service" => 3,
        "actionlayer-api" => 4,
        "actionlayer-mcp" | "actionlayer-dashboard" => 5,
        "actionlayer-runtime" => 6,
        name if name.starts_with("function-") => 7,
        "actionlayer-local" => 8,
        "actionlayer-tests" => 9,
        unknown => panic!("{unknown} has no place in the architecture yet"),
    }
}

fn metadata() -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let offline = vec!["--offline".to_owned(), "--locked".to_owned()];
    MetadataCommand::new().manifest_path(manifest).no_deps().other_options(offline).exec().unwrap()
}

fn dependencies(package: &Package) -> impl Iterator<Item = &str> {
    package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal).map(|d| d.name.as_str())
}

#[test]
fn dependencies_point_inward_only() {
    let metadata = metadata();
    let ours: BTreeMap<&str, u8> =
        metadata.packages.iter().map(|package| (package.name.as_str(), layer(package.name.as_str()))).collect();
    assert!(ours.len() >= 15, "the whole workspace: {ours:?}");
    for package in &metadata.packages {
        let own = ours[package.name.as_str()];
        for (name, inner) in dependencies(package).filter_map(|name| ours.get(name).map(|layer| (name, *layer))) {
            assert!(inner < own, "{} depends on {name}, which lies further out", package.name);
        }
    }
}

#[test]
fn the_inside_knows_nothing_of_the_outside() {
    let servers = ["axum", "hyper", "lambda_runtime", "lambda_http", "aws_lambda_events", "reqwest", "rusqlite"];
    let ports = ["getrandom", "tokio", "http", "tracing"];
    let aws =
        ["aws-config", "aws-sdk-dynamodb", "aws-sdk-s3", "aws-sdk-ses", "aws-sdk-sesv2", "aws-sdk-sqs", "aws-sdk-kms"];
    for package in &metadata().packages {
        // Rules and bytes know nothing of the world; the table knows DynamoDB and S3; use cases know no server and take
        // time and randomness from outside; the API knows no Lambda and no AWS.
        let banned: Vec<&str> = match package.name.as_str() {
            "actionlayer-domain" | "actionlayer-mail" | "actionlayer-channels" | "actionlayer-pages" => {
                [&servers[..], &ports, &aws].concat()
            }
            // What is said to others knows no table; nothing else speaks to SES, SQS and KMS.
            "actionlayer-clients" => {
                [&servers[2..5], &["axum", "rusqlite", "getrandom", "aws-config", "aws-sdk-dynamodb", "aws-sdk-s3"]]
                    .concat()
            }
            "actionlayer-store" => {
                [&servers[..], &["getrandom", "aws-config", "aws-sdk-sesv2", "aws-sdk-sqs", "aws-sdk-kms"]].concat()
            }
            "actionlayer-service" => [&servers[..], &["getrandom"], &aws].concat(),
            "actionlayer-api" | "actionlayer-mcp" | "actionlayer-dashboard" => {
                [&servers[2..], &["getrandom"], &aws].concat()
            }
            name if name.starts_with("function-") => {
                let thinking = ["actionlayer-store", "actionlayer-mail", "actionlayer-channels", "actionlayer-clients"];
                [&["reqwest", "rusqlite", "getrandom", "serde", "axum"][..], &thinking, &aws].concat()
            }
            _ => Vec::new(),
        };
        for name in dependencies(package) {
            assert!(!banned.contains(&name), "{} must not know {name}", package.name);
        }
    }
}

#[test]
fn nothing_that_ships_knows_the_engine() {
    for package in &metadata().packages {
        let ships = layer(package.name.as_str()) <= 7;
        let own_tests = package.name.as_str() == "actionlayer-tests";
        for dependency in &package.dependencies {
            // Tests of anything may run on the engine.
            let counts = dependency.kind != DependencyKind::Development;
            let is_engine =
                ["actionlayer-local", "dynoxide-rs", "s3s", "s3s-fs", "rusqlite"].contains(&dependency.name.as_str());
            assert!(!(counts && is_engine && ships) || own_tests, "{} depends on {}", package.name, dependency.name);
        }
    }
}

/// A function is a plug: what is routed to it, or what does its events, and nothing else.
#[test]
fn functions_hold_no_logic() {
    let functions = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions");
    let mut seen = 0;
    for function in std::fs::read_dir(functions).unwrap().map(|entry| entry.unwrap().path()) {
        let mut files: Vec<_> = std::fs::read_dir(function.join("src"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(files, ["lib.rs", "main.rs"], "{}", function.display());
        for (file, only) in [("lib.rs", &["router", "handle"][..]), ("main.rs", &["main"])] {
            let source = std::fs::read_to_string(function.join("src").join(file)).unwrap();
            let items: Vec<&str> = source.lines().filter(|line| line.contains("fn ")).collect();
            let is_plug = matches!(items[..], [one] if only.iter().any(|name| one.contains(&format!("fn {name}("))));
            assert!(is_plug, "{}/{file}: {items:?}", function.display());
            for branch in [" if ", " match ", " loop ", " while ", "struct ", "enum ", "impl "] {
                assert!(!source.contains(branch), "{}/{file} decides something:{branch}", function.display());
            }
        }
        seen += 1;
    }
    assert!(seen >= 11, "{seen}");
}

/// Where a document sends its reader there is a file: whoever moves one finds out here.
#[test]
fn documents_lead_to_files_that_are_there() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let documents = docs.chain([root.join("README.md"), root.join("CONTRIBUTING.md")]);
    let mut led = 0;
    for document in documents.filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let text = std::fs::read_to_string(&document).unwrap();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let links = links.filter(|link| !link.is_empty() && !link.contains("://"));
        let folder = document.parent().unwrap();
        // Paths in running text start at the root.
        let paths = text.split('`').skip(1).step_by(2).filter(|code| {
            ["shared/", "functions/", "infra/", "tests/", "docs/"].iter().any(|folder| code.starts_with(folder))
                && code.chars().all(|c| c.is_ascii_alphanumeric() || "_./-".contains(c))
        });
        for path in links.map(|link| folder.join(link)).chain(paths.map(|path| root.join(path))) {
            assert!(path.exists(), "{}: {}", document.display(), path.display());
            led += 1;
        }
    }
    assert!(led > 100, "{led}");
}
