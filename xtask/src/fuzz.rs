//! `cargo xtask fuzz`: libFuzzer looks for an input that makes a parser panic or break a promise.
//!
//! libFuzzer needs LLVM's coverage pass, which a stable compiler has too, and no address sanitizer:
//! there is no unsafe code of ours to watch.

mod corpus;
mod libfuzzer_log;

use std::env::consts::OS;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, bail};

use self::libfuzzer_log::Summary;
use crate::commands::{cargo, run as run_command, workspace_root};
use crate::steps::Steps;
use crate::system_packages::{self, FUZZING};

/// What is fuzzed, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Seconds for each target
    #[arg(long, default_value_t = 600)]
    seconds: u32,
    /// Afterwards, take into the committed corpora what found new code, and only that
    #[arg(long)]
    merge: bool,
    /// The targets; all of them if none is named
    targets: Vec<String>,
}

/// Builds with coverage, fuzzes two targets at a time. A finding is an error; its input stays under `fuzz/artifacts`.
pub(crate) fn run(options: &Options) -> Result<()> {
    if OS != "linux" {
        bail!("the build for libFuzzer is only known to work on Linux");
    }
    let targets = chosen_targets(&options.targets)?;
    let mut steps = Steps::of("fuzz");
    steps.run("system packages", || {
        system_packages::install_missing(FUZZING)
    })?;
    let fuzzer = steps.run("build with coverage (minutes the first time)", build)?;
    if options.seconds > 0 {
        steps.run("fuzz", || fuzz_all(&fuzzer, &targets, options.seconds))?;
    }
    if options.merge {
        steps.run("merge what was found into the corpora", || {
            targets
                .iter()
                .try_for_each(|target| corpus::merge(&fuzzer, target))
        })?;
    }
    steps.print_summary();
    Ok(())
}

/// Every target has a folder in the corpus; a test of the targets sees to that.
fn chosen_targets(named: &[String]) -> Result<Vec<String>> {
    let known = corpus::names()?;
    if let Some(unknown) = named.iter().find(|name| !known.contains(name)) {
        bail!(
            "there is no target {unknown}; they are {}",
            known.join(", ")
        );
    }
    Ok(if named.is_empty() {
        known
    } else {
        named.to_vec()
    })
}

/// Compiles the fuzzer and tells where it is.
fn build() -> Result<PathBuf> {
    let host = host()?;
    // With a target named, programs that only run during the build stay without coverage.
    let mut command = cargo([
        "build",
        "--profile",
        "fuzz",
        "--package",
        "fuzz-targets",
        "--bin",
        "fuzz",
        "--features",
        "libfuzzer",
        "--target-dir",
        "fuzz/target",
        "--target",
        &host,
    ]);
    run_command(command.env("RUSTFLAGS", COVERAGE))?;
    Ok(folder("target").join(host).join("fuzz/fuzz"))
}

/// The machine as rustc names it.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output();
    let output = output.context("rustc does not tell its host")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not tell its host")?.to_owned())
}

/// Two workers take the targets in turn.
fn fuzz_all(fuzzer: &Path, targets: &[String], seconds: u32) -> Result<()> {
    println!("    {}", libfuzzer_log::TABLE_HEAD);
    let waiting = Mutex::new(targets.iter());
    let worker = || {
        let mut faulty = Vec::new();
        loop {
            let next = waiting.lock().ok().and_then(|mut waiting| waiting.next());
            let Some(target) = next else {
                return Ok(faulty);
            };
            let summary = fuzz(fuzzer, target, seconds)?;
            println!("    {}", summary.table_row(target));
            if !summary.ended_well {
                faulty.push(target.as_str());
            }
        }
    };
    let faulty: Vec<&str> = thread::scope(|scope| {
        let workers = [scope.spawn(worker), scope.spawn(worker)];
        let outcomes =
            workers.map(|worker| worker.join().unwrap_or_else(|_| bail!("a worker fell")));
        outcomes.into_iter().collect::<Result<Vec<_>>>()
    })?
    .concat();
    if faulty.is_empty() {
        return Ok(());
    }
    bail!(
        "findings in {}: the inputs are under fuzz/artifacts, the stories in fuzz/found/TARGET.log",
        faulty.join(", ")
    )
}

/// One target, its log beside what it finds.
fn fuzz(fuzzer: &Path, target: &str, seconds: u32) -> Result<Summary> {
    let (found, artifacts) = (
        corpus::found_folder(target)?,
        folder("artifacts").join(target),
    );
    fs::create_dir_all(&artifacts)?;
    let log = folder("found").join(format!("{target}.log"));
    let status = libfuzzer(fuzzer, target)
        .args([&found, &corpus::folder_of(target)])
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={seconds}"))
        .args(["-print_final_stats=1", "-timeout=20"])
        .stderr(File::create(&log)?)
        .status()
        .context("the fuzzer does not start")?;
    Ok(Summary::of_log(
        &fs::read_to_string(&log)?,
        status.success(),
    ))
}

/// The fuzzer with what every use of it needs.
fn libfuzzer(fuzzer: &Path, target: &str) -> Command {
    let mut command = Command::new(fuzzer);
    command
        .env("FUZZ_TARGET", target)
        .arg(format!("-max_len={LONGEST_INPUT}"))
        .current_dir(workspace_root());
    command
}

/// A folder of the fuzz targets.
fn folder(name: &str) -> PathBuf {
    workspace_root().join("fuzz").join(name)
}

/// LLVM's SanitizerCoverage in the form that libFuzzer reads.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";
/// Twice the longest file that is read from a card.
const LONGEST_INPUT: u32 = 16_384;
