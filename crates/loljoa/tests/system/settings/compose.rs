//! `deploy/compose.yaml`: what it tells programs are settings that they have, and what it calls is what images and services are.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::walk::{Configured, settings};

/// Blocks of the file's `services`, and of what is shared between them, by name. It is written in two spaces for each level.
fn blocks() -> BTreeMap<String, Vec<String>> {
    let text = read("deploy/compose.yaml");
    let (mut blocks, mut name, mut within) = (BTreeMap::<_, Vec<String>>::new(), String::new(), false);
    let is_content = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    for line in text.lines().filter(is_content) {
        let depth = line.len() - line.trim_start().len();
        match depth {
            0 => {
                within = line == "services:";
                name = line.split(':').next().unwrap().into();
            }
            2 if within => name = line.trim().trim_end_matches(':').into(),
            _ => blocks.entry(name.clone()).or_default().push(line.trim().to_owned()),
        }
    }
    blocks
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// The settings that a block sets, those of what it takes over included.
fn told(blocks: &BTreeMap<String, Vec<String>>, block: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in &blocks[block] {
        if line == "<<: *telemetry" {
            found.extend(told(blocks, "x-telemetry"));
        }
        for word in line.split([' ', '{', ',']).filter_map(|word| word.strip_suffix(':')) {
            if let Some(name) = word.strip_prefix("LOLJOA__") {
                let name = name.strip_suffix("_FILE").unwrap_or(name);
                found.insert(name.to_lowercase().replace("__", "."));
            }
        }
    }
    found
}

/// The image of ours that a block runs.
fn image(lines: &[String]) -> Option<&str> {
    let mut images =
        lines.iter().filter_map(|line| line.strip_prefix("image: ${LOLJOA_REPOSITORY:-docker.io/loljoa}/"));
    images.next().map(|rest| rest.strip_suffix(":${LOLJOA_TAG:-dev}").unwrap())
}

#[test]
fn what_compose_tells_a_service_is_a_setting_of_it_and_all_that_it_has_to_be_told() {
    let blocks = blocks();
    for configured in Configured::all() {
        let name = configured.service.name();
        let told = told(&blocks, name);
        let unknown: Vec<_> = told.iter().filter(|key| !configured.settings.contains_key(*key)).collect();
        assert_eq!(unknown, [] as [&String; 0], "{name}");
        let of_live = |key: &str| key.starts_with("source.");
        let missing: Vec<_> =
            configured.least.keys().filter(|key| !told.contains(**key) && !of_live(key)).collect();
        assert_eq!(missing, [] as [&&str; 0], "{name}");
        if configured.settings.contains_key("database.url") {
            let migration = format!("migrate-{name}");
            assert_eq!(told_by(&blocks, &migration), ["database.url"], "{migration}");
        }
    }
    let web = settings(&loljoa_web::Config::default());
    let unknown: Vec<_> = told(&blocks, "web").into_iter().filter(|key| !web.contains_key(key)).collect();
    assert_eq!(unknown, [] as [String; 0]);
}

fn told_by(blocks: &BTreeMap<String, Vec<String>>, block: &str) -> Vec<String> {
    told(blocks, block).into_iter().collect()
}

#[test]
fn what_compose_runs_are_images_of_ours_and_what_it_calls_are_their_ports() {
    let blocks = blocks();
    let dockerfile = read("deploy/images/Dockerfile");
    let stage = |name: &str| {
        let rest =
            dockerfile.split_once(&format!(" AS {name}\n")).unwrap_or_else(|| panic!("no image {name}")).1;
        rest.split("\nFROM ").next().unwrap()
    };
    let mut run = BTreeSet::new();
    for (name, lines) in &blocks {
        let Some(image) = image(lines) else { continue };
        run.insert(image);
        let of_services = ["tools", "migrations"].contains(&image) || image == name;
        assert!(of_services, "{name} runs {image}");
        let stage = stage(image);
        if let Some(check) = lines.iter().find(|line| line.starts_with("healthcheck: ")) {
            let program = stage.split_once("ENTRYPOINT [\"").unwrap().1.split('"').next().unwrap();
            assert!(check.contains(&format!("[CMD, {program}, ready]")), "{name}: {check}");
        }
    }
    assert_eq!(
        run,
        ["account", "betting", "gateway", "league-schedule", "migrations", "tools", "web"].into()
    );
    let mut called = 0;
    for line in blocks.values().flatten() {
        let Some(address) = line.split_once(": http://").map(|(_, address)| address) else { continue };
        let (host, port) = address.split_once(':').unwrap();
        if host == "jaeger" {
            assert!(read("deploy/compose/jaeger.yaml").contains(&format!("0.0.0.0:{port}")), "{line}");
        } else {
            assert!(stage(host).contains(&format!("EXPOSE {port} ")), "{line}");
        }
        called += 1;
    }
    assert!(called >= 7, "{called}");
    let envoy = read("deploy/compose/envoy.yaml");
    for host in ["gateway", "web"] {
        assert!(
            envoy.contains(&format!("address: {host}, port_value: 8080"))
                && stage(host).contains("EXPOSE 8080 ")
        );
    }
}

#[test]
fn compose_publishes_on_the_loopback_interface_alone_and_holds_no_secret() {
    let text = read("deploy/compose.yaml");
    let published: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix("ports: ")).collect();
    assert_eq!(published.len(), 4);
    for ports in published {
        assert!(ports.starts_with("[\"127.0.0.1:${LOLJOA_"), "{ports}");
    }
    let blocks = blocks();
    for (name, lines) in blocks.iter().filter(|(name, _)| !name.starts_with("x-")) {
        let is_service = lines.iter().any(|line| line.starts_with("image: ") || line == "<<: *migration");
        let is_closed = ["<<: *closed", "<<: *service", "<<: *migration"]
            .iter()
            .any(|base| lines.iter().any(|line| line == base));
        assert!(!is_service || is_closed, "{name} may write to itself");
        let is_bounded = lines.iter().any(|line| {
            line.starts_with("mem_limit: ") || line == "<<: *service" || line == "<<: *migration"
        });
        assert!(!is_service || is_bounded, "{name} has no limit");
        for line in lines.iter().filter(|line| {
            line.contains("PASSWORD") || line.contains("_KEY") || line.contains("DATABASE__URL")
        }) {
            assert!(line.contains("_FILE: /run/secrets/loljoa/"), "{name}: {line}");
        }
    }
    let bases = ["x-closed", "x-service", "x-migration"].map(|name| blocks[name].join("\n"));
    assert!(bases[0].contains("read_only: true") && bases[0].contains("cap_drop: [ALL]"));
    assert!(bases[1].contains("<<: *closed") && bases[2].contains("<<: *closed"));
}
