//! What the images' Dockerfile promises, as far as it can be told without a builder, and which builder is taken.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use loljoa::system::Service;

const PROGRAMS_OF_TOOLS: [&str; 3] = ["tools", "migrations", "season"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

/// A stage of the Dockerfile: what it is built on, and its instructions, each a line.
struct Stage {
    from: String,
    lines: Vec<String>,
}

impl Stage {
    fn has(&self, line: &str) -> bool {
        self.lines.iter().any(|own| own == line)
    }

    fn of(&self, instruction: &str) -> Vec<&str> {
        self.lines.iter().filter_map(|line| line.strip_prefix(instruction)?.strip_prefix(' ')).collect()
    }
}

/// The global arguments with their defaults, and the stages by name.
fn dockerfile() -> (BTreeMap<String, String>, BTreeMap<String, Stage>) {
    let text = read("deploy/images/Dockerfile").replace("\\\n", " ");
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let (mut arguments, mut stages, mut name) = (BTreeMap::new(), BTreeMap::<_, Stage>::new(), None);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(stage) = line.strip_prefix("FROM ") {
            let (from, own) = stage.split_once(" AS ").expect("every stage has a name");
            stages.insert(own.to_owned(), Stage { from: from.to_owned(), lines: Vec::new() });
            name = Some(own.to_owned());
        } else if let Some(name) = &name {
            stages.get_mut(name).unwrap().lines.push(line);
        } else {
            let (argument, default) = line.strip_prefix("ARG ").unwrap().split_once('=').unwrap();
            arguments.insert(argument.to_owned(), default.to_owned());
        }
    }
    (arguments, stages)
}

#[test]
fn every_image_stands_on_something_pinned() {
    let (arguments, stages) = dockerfile();
    for (name, Stage { from, .. }) in &stages {
        let argument = from.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let is_known = match argument {
            Some(argument) => arguments.contains_key(argument),
            None => from == "scratch" || stages.contains_key(from),
        };
        assert!(is_known, "{name} is from {from}");
    }
    for (argument, image) in arguments.iter().filter(|(argument, _)| argument.ends_with("_IMAGE")) {
        let (path, tag) = image.rsplit_once(':').unwrap();
        assert!(path.contains('.') && path.contains('/'), "{argument} = {image}: the registry is named");
        assert!(!tag.is_empty() && tag != "latest", "{argument} = {image}");
    }
    let toolchain = read("rust-toolchain.toml");
    let channel =
        toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap().trim_matches('"');
    assert!(
        arguments["RUST_IMAGE"].contains(&format!(":{channel}-")),
        "{} and {channel}",
        arguments["RUST_IMAGE"]
    );
}

#[test]
fn every_service_has_an_image_without_a_shell_and_without_root() {
    let (_, stages) = dockerfile();
    let runtime = &stages["runtime"];
    assert_eq!((runtime.from.as_str(), runtime.of("USER")), ("${RUNTIME_IMAGE}", vec!["65532:65532"]));
    let services = Service::ALL.map(Service::name).into_iter().chain(["web"]);
    for service in services {
        let stage = stages.get(service).unwrap_or_else(|| panic!("{service} has no image"));
        assert_eq!(stage.from, "runtime", "{service}");
        assert!(stage.has(&format!("COPY --from=binaries /out/bin/loljoa-{service} /usr/bin/")), "{service}");
        assert!(stage.has(&format!("ENTRYPOINT [\"/usr/bin/loljoa-{service}\"]")), "{service}");
        let port = if matches!(service, "gateway" | "web") { "8080" } else { "50051" };
        assert_eq!(stage.of("EXPOSE"), [format!("{port} 9090")], "{service}");
    }
    for (name, stage) in &stages {
        let is_of_tools = PROGRAMS_OF_TOOLS.contains(&name.as_str());
        let runs = stage.from == "runtime" || is_of_tools;
        if runs {
            assert!(stage.of("USER").is_empty(), "{name} is of the same user");
            assert!(stage.of("RUN").is_empty(), "{name}: there is nothing that could run");
            assert!(stage.of("LABEL").concat().contains("org.opencontainers.image.description="), "{name}");
        }
    }
}

#[test]
fn what_is_compiled_is_what_is_put_into_images() {
    let (_, stages) = dockerfile();
    let list = |file: &str, begin: &str, end: char| -> BTreeSet<String> {
        let text = read(file);
        let list = text.split_once(begin).unwrap().1.split_once(end).unwrap().0;
        list.split_whitespace().map(str::to_owned).collect()
    };
    let copied = stages.values().flat_map(|stage| stage.of("COPY"));
    let copied = copied.filter_map(|line| line.strip_prefix("--from=binaries /out/bin/")?.split_once(' '));
    let copied: BTreeSet<_> = copied.map(|(program, _)| program.to_owned()).collect();
    assert_eq!(list("deploy/images/compile.sh", "programs=(", ')'), copied);
    let crates = repository().join("crates");
    for program in &copied {
        let folder = program.strip_prefix("loljoa-").unwrap_or(program);
        assert!(crates.join(folder).join("src/main.rs").exists(), "{program} is a program");
    }
    let images: BTreeSet<_> = stages
        .iter()
        .filter(|(name, stage)| stage.from == "runtime" || stage.from == "tools" || name.as_str() == "debug")
        .map(|(name, _)| name.clone())
        .collect();
    assert_eq!(list("deploy/images/build.sh", "all=\"", '"'), images);
}

/// Programs that stand in for builders, and write down what they are told.
struct Builders(tempfile::TempDir);

impl Builders {
    fn new(builders: &[(&str, bool)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, works) in builders {
            let told = folder.path().join("told");
            let ends = i32::from(!*works);
            let script = format!(
                "#!/bin/sh\n[ \"$1\" = info ] && exit {ends}\necho \"{name} $*\" >>{}\n",
                told.display()
            );
            fs::write(folder.path().join(name), script).unwrap();
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(folder)
    }

    fn build(&self, variables: &[(&str, &str)]) -> Output {
        let path = format!("{}:/usr/bin:/bin", self.0.path().display());
        let mut build = Command::new(repository().join("deploy/images/build.sh"));
        build.env_clear().env("PATH", path).env("TAG", "1.2.3").env("SOURCE_DATE_EPOCH", "86400");
        build.envs(variables.iter().copied()).output().unwrap()
    }

    fn told(&self) -> String {
        fs::read_to_string(self.0.path().join("told")).unwrap_or_default()
    }
}

#[test]
fn the_first_builder_that_works_builds_every_image_at_the_commits_time() {
    let builders = Builders::new(&[("docker", false), ("podman", true)]);
    let built = builders.build(&[]);
    assert!(built.status.success(), "{built:?}");
    let told = builders.told();
    let (_, stages) = dockerfile();
    for image in Service::ALL.map(Service::name).into_iter().chain(["web", "debug"]).chain(PROGRAMS_OF_TOOLS)
    {
        assert!(stages.contains_key(image), "{image}");
        let named = format!("--target {image} --tag docker.io/loljoa/{image}:1.2.3 .");
        assert!(
            told.lines().any(|line| line.starts_with("podman build ") && line.ends_with(&named)),
            "{image}: {told}"
        );
    }
    for option in ["--timestamp 86400", "CREATED=1970-01-02T00:00:00Z", "VERSION=1.2.3", "BUILD=compile"] {
        assert!(told.lines().all(|line| line.contains(option)), "{option}: {told}");
    }

    let builders = Builders::new(&[("podman", true), ("buildah", true)]);
    let one = builders.build(&[("IMAGES", "web"), ("BUILDER", "buildah"), ("REPOSITORY", "r.example/x")]);
    assert!(one.status.success(), "{one:?}");
    let told = builders.told();
    assert!(
        told.starts_with("buildah build ") && told.ends_with(" --tag r.example/x/web:1.2.3 .\n"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1);
}

#[test]
fn what_cannot_be_built_is_told() {
    let builders = Builders::new(&[("docker", false), ("podman", true)]);
    for (variable, value, said) in [
        ("BUILDER", "kaniko", "BUILDER=kaniko: must be docker, podman or buildah"),
        ("BUILDER", "docker", "docker does not work here: docker info says why"),
        ("BUILD", "maybe", "BUILD=maybe: must be compile or prebuilt"),
        ("IMAGES", "web wab", "IMAGES: there is no wab, only account"),
        ("TAG", "", "TAG is not set: make images TAG="),
    ] {
        let refused = builders.build(&[(variable, value)]);
        let complaint = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && complaint.contains(said), "{variable}={value}: {complaint}");
    }
    assert_eq!(builders.told(), "", "nothing was begun");
}
