"""Studies on Slurm: a real one of submitit's local executor, and what sbatch and squeue are told and say."""

import itertools
import json
import os
import re
import shutil
import signal
import time
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import overgan
from overgan.cli import app
from overgan.cli._jobs import print_submitted
from overgan.disk import append_jsonl, refuse_links
from overgan.errors import OverganError
from overgan.stores import local
from overgan.study import EXECUTORS, Job, WorkerError, read_rounds, slurm_jobs
from overgan.study._rounds import Round, write_rounds
from overgan.study.execute._sbatch import parse_sbatch, signal_seconds
from overgan.study.execute._slurm_job import SlurmGroup
from tests.study.sleeper import FILE, RUN_SECONDS
from tests.study.test_runner import HERE, results
from tests.test_extension import COIN

PROGRAMS = {
    "sbatch": """#!/bin/sh
test -e {folder}/refused && {{ cat {folder}/refused >&2; exit 1; }}
n=$(ls {folder}/submitted | wc -l)
cp "$1" {folder}/submitted/$n
echo "Submitted batch job $((42 + n))"
""",
    "squeue": """#!/bin/sh
cat {folder}/queue || exit 1
""",
    "srun": "#!/bin/sh\n",
}


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """A folder with what was submitted, and files queue and refused, which say what squeue and sbatch answer."""
    folder = tmp_path / "slurm"
    (folder / "submitted").mkdir(parents=True)
    (folder / "queue").write_text("")
    for name, text in PROGRAMS.items():
        (folder / name).write_text(text.format(folder=folder))
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr("overgan.study._finish.POLL_SECONDS", 0)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "coin.yaml").write_text(yaml.safe_dump(COIN))
    return folder


def submit(*more, slurm="time=4:00:00", exit_code=0):
    words = ["run", "coin.yaml", "--out", "study", "--on", "slurm", "--slurm", slurm, *more]
    result = CliRunner().invoke(app, words)
    if exit_code:
        assert isinstance(result.exception, OverganError)
        return str(result.exception)
    assert result.exit_code == 0, result.output
    return result.output


def status(*more):
    result = CliRunner().invoke(app, ["status", "study", "--trust", *more], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_a_study_is_an_array_of_jobs_and_the_command_returns_and_says_what_to_do_next(slurm, tmp_path):
    output = submit("--threads", "3", "--workers", "1", slurm="partition=gpu,time=4:00:00,nodelist=n1,n2,gres=gpu:1")
    assert "device    cpu: 1 worker × 3 threads, on slurm" in output
    assert "Ctrl-C" not in output
    assert "queued on Slurm" not in output  # squeue does not have them
    assert "overgan status study" in output
    (script,) = (slurm / "submitted").iterdir()
    text = script.read_text()
    for option in (
        "array=0-1%1",
        "cpus-per-task=3",
        "gres=gpu:1",
        "job-name=overgan-study",
        "nodelist=n1,n2",
        "nodes=1",
        "partition=gpu",
        "requeue",
        "signal=USR2@300",
        "time=240",
    ):
        assert f"#SBATCH --{option}\n" in text
    assert "OMP_NUM_THREADS=3" in text
    assert re.search(r"python\S* -P -u -m submitit\.core\._submit", text)


def test_of_a_study_at_an_address_the_next_command_names_that(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("OVERGAN_MIRRORS", str(tmp_path / "mirrors"))
    print_submitted(local("s3://bucket/study"), [])
    assert "overgan status s3://bucket/study says" in capsys.readouterr().out


def test_what_is_queued_or_running_is_not_submitted_again_and_what_ended_is(slurm, tmp_path):
    submit()
    (slurm / "queue").write_text("42_0|RUNNING\n42_1|PENDING\n7|RUNNING\n")
    assert [(job.width, job.id, job.state) for job in slurm_jobs(tmp_path / "study")] == [
        (2, "42_1", "queued"),
        (4, "42_0", "running"),
    ]
    output = submit()
    assert len(list((slurm / "submitted").iterdir())) == 1
    for shown in (output, status()):
        assert "running on Slurm, job 42: k = 4\nqueued on Slurm, job 42: k = 2\n" in shown
    assert json.loads(status("--json"))["jobs"] == [
        {"k": 2, "id": "42_1", "state": "queued"},
        {"k": 4, "id": "42_0", "state": "running"},
    ]
    (slurm / "queue").write_text("42_0|RUNNING\n")
    (job, _) = slurm_jobs(tmp_path / "study")
    log = tmp_path / "study" / job.log
    log.write_text("submitit WARNING\novergan: the images are gone\nsrun: error: task 0 exited\n")
    assert f"k = 2: its job 42_1 ended before its work did (the images are gone); study/{job.log}\n" in status()
    submit()
    assert len(list((slurm / "submitted").iterdir())) == 2
    (slurm / "queue").write_text("42_0|RUNNING\n43|CONFIGURING\n")  # one job is no array
    assert [(job.width, job.id, job.state) for job in slurm_jobs(tmp_path / "study")] == [
        (2, "43", "queued"),
        (4, "42_0", "running"),
    ]
    (slurm / "queue").write_text("")
    submit()
    folders = [path for path in (tmp_path / "study" / "slurm").iterdir() if path.is_dir()]
    assert len(folders) == 1  # those of jobs that ended are gone


def test_of_several_studies_each_says_what_is_queued_and_no_report_is_written(slurm, small_spec, tmp_path):
    words = ["run", str(small_spec), "--out", "study", "--on", "slurm", "--slurm", "time=5", "--quiet"]
    words += ["--set", "widths=[2,4]", "--set", "model.critic_widths=[2,8]"]
    (slurm / "queue").write_text("42_0|RUNNING\n42_1|PENDING\n43_0|PENDING\n43_1|PENDING\n")
    output = CliRunner().invoke(app, words, catch_exceptions=False).output
    lines = [
        "critic-2: running on Slurm, job 42: k = 4",
        "critic-2: queued on Slurm, job 42: k = 2",
        "critic-8: queued on Slurm, job 43: k = 2 and 4",
    ]
    assert output.splitlines()[:3] == lines
    assert "next: overgan status study says how far it is" in output
    assert not (tmp_path / "study" / "report.html").exists()
    assert "\n".join(lines) in status()
    jobs = [of["jobs"] for of in json.loads(status("--json"))["studies"]]
    assert jobs[0] == [{"k": 2, "id": "42_1", "state": "queued"}, {"k": 4, "id": "42_0", "state": "running"}]


def test_a_study_that_was_submitted_is_read_where_it_is_copied_to(slurm, tmp_path):
    submit()
    shutil.copytree(tmp_path / "study", tmp_path / "copy", symlinks=True)
    assert [path for path in (tmp_path / "copy").rglob("*") if path.is_symlink()]
    refuse_links(tmp_path / "copy")


def test_a_finished_study_is_not_submitted(slurm, tmp_path):
    overgan.run(COIN, tmp_path / "study", executor="tests.extension.executor:InProcess")
    assert "report: study/report.html" in submit()
    assert not list((slurm / "submitted").iterdir())


def test_what_slurm_refuses_or_does_not_say_is_one_line(slurm, tmp_path):
    (slurm / "refused").write_text(
        "sbatch: error: Batch job submission failed\nsbatch: error: invalid partition: gpu\n"
    )
    refused = "slurm: Slurm refuses the jobs (sbatch: error: invalid partition: gpu)"
    assert submit(exit_code=2) == refused
    (slurm / "refused").unlink()
    submit()
    (slurm / "queue").unlink()
    message = submit(exit_code=2)
    assert message.startswith("squeue does not say how the jobs are (")
    assert "42_0" not in status()  # which needs no queue
    (slurm / "queue").touch()
    place = tmp_path / "study" / "slurm"
    (place / "jobs.json").write_text('{"user": "--help", "jobs": []}')
    before = [*place.rglob("*")]
    message = submit(exit_code=2)
    assert message.startswith("study/slurm/jobs.json is damaged; no job in the queue is known: end those of this study")
    assert (before, "42_0" in status()) == ([*place.rglob("*")], False)
    (place / "jobs.json").unlink()
    submit()
    assert len(list((slurm / "submitted").iterdir())) == 2


@pytest.mark.parametrize("user", ["me@uni.edu", r"UNI\me"])
def test_jobs_of_an_account_of_a_directory_service_are_known(slurm, tmp_path, monkeypatch, user):
    monkeypatch.setattr("getpass.getuser", lambda: user)
    submit()
    (slurm / "queue").write_text("42_0|RUNNING\n42_1|PENDING\n")
    submit()
    assert len(list((slurm / "submitted").iterdir())) == 1


def test_no_name_and_no_option_becomes_a_command_of_the_jobs_script(slurm, tmp_path):
    stranger = COIN | {"name": "coin\ntouch owned\n#"}
    (tmp_path / "stranger.yaml").write_text(yaml.safe_dump(stranger))
    run = ["run", "--on", "slurm", "--slurm"]
    for more in (["time=5", "stranger.yaml"], ["time=5,comment=a\ntouch owned", "coin.yaml"]):
        result = CliRunner().invoke(app, run + more)
        assert isinstance(result.exception, OverganError)
        assert re.search(r"holds a line break, which Slurm cannot have$", str(result.exception))
    assert not list((slurm / "submitted").iterdir())


@pytest.mark.parametrize("missing", ["sbatch", "srun", "squeue"])
def test_away_from_the_login_node_one_line_says_so(slurm, tmp_path, monkeypatch, missing):
    monkeypatch.setenv("PATH", str(slurm))
    (slurm / missing).unlink()
    assert f"executor slurm needs {missing}, which is not on this machine" in submit(exit_code=2)
    assert not (tmp_path / "study").exists()


def test_nothing_beyond_a_link_in_the_studys_folder_is_removed(slurm, tmp_path):
    submit()
    (tmp_path / "work" / "jobs-1").mkdir(parents=True)
    place = tmp_path / "study" / "slurm"
    place.rename(tmp_path / "moved")
    place.symlink_to(tmp_path / "work")
    assert submit(exit_code=2) == "study/slurm is a link, which overgan did not make; remove it"
    place.unlink()
    (tmp_path / "moved").rename(place)
    (place / "jobs-1").symlink_to(tmp_path / "work")
    (place / "notes").mkdir()
    submit()
    assert (tmp_path / "work" / "jobs-1").exists()
    assert (place / "notes").exists()


def test_sbatchs_options_are_submitits_arguments():
    parsed = parse_sbatch("--partition=a,b,time=90,mem-per-cpu=4G,reservation=x, qos = high")
    assert parsed == {
        "partition": "a,b",
        "time": 90,
        "mem_per_cpu": "4G",
        "qos": "high",
        "additional_parameters": {"requeue": True, "reservation": "x"},
    }


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("90", 90),
        ("1:30", 2),
        ("4:00:00", 240),
        ("0:59:30", 60),
        ("2-12", 3600),
        ("1-0:30", 1470),
        ("1-00:00:01", 1441),
    ],
)
def test_times_are_as_sbatch_reads_them(text, minutes):
    assert parse_sbatch(f"time={text}")["time"] == minutes
    assert 0 < signal_seconds(minutes) <= 300


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "give the time limit of a job, such as time=4:00:00"),
        ("partition=gpu", "give the time limit"),
        ("time", "slurm time: write key=value"),
        ("time=5,tme=3", "slurm: no option tme; did you mean time?"),
        ("time=5,nodes=2", "slurm: nodes is 1: a group runs on one machine; leave it out"),
        ("time=5,cpus-per-task=2", "cpus-per-task is the number of threads: give --threads"),
        ("time=soon", "time=soon is none; write it as 4:00:00"),
        ("time=0", "time=0 is too short"),
    ],
)
def test_wrong_options_of_sbatch(text, message):
    with pytest.raises(OverganError, match=re.escape(message)):
        parse_sbatch(text)


@pytest.mark.parametrize(
    ("device", "options", "expected"),
    [
        ("auto", {}, None),
        ("cuda", {}, 1),
        ("auto", {"gpus": 2}, 2),
        ("cuda", {"slurm": "time=5,gres=gpu:a100:1"}, None),
    ],
)
def test_a_group_has_the_gpus_that_are_asked_for(tmp_path, device, options, expected):
    job = Job(tmp_path, str(tmp_path), 1, [device], 1, options={"slurm": "time=5"} | options)
    assert EXECUTORS["slurm"].parameters(job).get("slurm_gpus_per_node") == expected


def test_gpus_that_slurm_does_not_give(tmp_path):
    for options, message in (
        ({"gpus": 0.5, "slurm": "time=5"}, "gpus is 0.5; Slurm gives whole GPUs"),
        ({"gpus": 1, "slurm": "time=5,gpus-per-node=1"}, "gpus and GPUs of sbatch exclude each other"),
    ):
        with pytest.raises(OverganError, match=message):
            EXECUTORS["slurm"].parameters(Job(tmp_path, str(tmp_path), 1, ["auto"], 1, options=options))


@pytest.fixture
def handlers():
    """What submitit does at the signal of the time limit: here it only says that it was done."""
    done = []
    numbers = signal.SIGUSR2, signal.SIGTERM
    before = [signal.signal(number, lambda *_: done.append("queued again")) for number in numbers]
    yield done
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "expected"),
    [(signal.SIGUSR2, ["checkpoint", "queued again"]), (signal.SIGTERM, ["checkpoint"])],
)
def test_a_job_writes_its_checkpoint_before_it_is_queued_again_or_ends(handlers, monkeypatch, number, expected):
    def finish(_store, _threads, _device, stopping, _width):
        assert not stopping()
        os.kill(os.getpid(), number)
        assert stopping()
        handlers.append("checkpoint")

    monkeypatch.setattr("overgan.study.execute._slurm_job.finish_group", finish)
    with pytest.raises(SystemExit) as end:
        SlurmGroup("study", 1, "cpu", 2)()
    assert end.value.code == 128 + number
    assert handlers == expected


@pytest.fixture
def deciding(slurm, small_spec, monkeypatch):
    """Submit a study that decides itself, with a planner that knows its rounds; the folder."""
    rounds = [Round(move="seeds", why="more.", seeds={2: 3, 4: 2}, iterations=8)]
    decide = lambda *given: dict(enumerate(rounds, 1)).get(len(given[-1].rounds))  # noqa: E731
    monkeypatch.setattr("overgan.study.gan._planner.next_round", decide)
    monkeypatch.setattr("overgan.study.execute._groups.HELD_SECONDS", 0)
    changes = ["widths=[2,4]", "train.iterations=8", "train.log_every=4", "train.evaluate_every=4"]
    words = ["run", str(small_spec), "--out", "study", "--until-sure", "--on", "slurm", "--slurm", "time=5"]
    words += [word for change in changes for word in ("--set", change)]

    def submit():
        result = CliRunner().invoke(app, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    submit.changes = changes
    return submit


def test_a_study_that_decides_itself_has_as_many_workers_as_widths(deciding, slurm, tmp_path):
    assert "overgan status study" in deciding()
    (script,) = (slurm / "submitted").iterdir()
    assert "#SBATCH --array=0-1%2\n" in script.read_text()
    (slurm / "queue").write_text("42_0|RUNNING\n42_1|PENDING\n")
    assert [(job.width, job.state) for job in slurm_jobs(tmp_path / "study")] == [(None, "running"), (None, "queued")]
    for shown in (deciding(), status()):
        assert "running on Slurm, job 42: 1 worker\nqueued on Slurm, job 42: 1 worker\n" in shown
    assert len(list((slurm / "submitted").iterdir())) == 1
    (slurm / "queue").write_text("42_0|RUNNING\n")
    assert "a worker: its job 42_1 ended before its work did; study/slurm/" in status()
    deciding()
    (_, script) = sorted((slurm / "submitted").iterdir())
    assert "--array" not in script.read_text()  # the one that is missing
    rounds = read_rounds(tmp_path / "study")
    write_rounds(tmp_path / "study", rounds.model_copy(update={"until": 1.0}))
    (slurm / "queue").write_text("")
    assert "its job" not in status()  # for the time is up


def test_its_worker_goes_from_round_to_round_and_is_queued_again_on_the_way(
    deciding, handlers, small_spec, tmp_path, monkeypatch
):
    deciding()
    folder, told = tmp_path / "study", []
    work = SlurmGroup(str(folder), 1, "cpu", None)
    with monkeypatch.context() as patch:  # the time limit comes while seeds are added

        def append(path, rows):
            append_jsonl(path, rows)
            if path.parent.name == "adding" and not told:
                told.append(path)
                os.kill(os.getpid(), signal.SIGUSR2)

        patch.setattr("overgan.training._loop.append_jsonl", append)
        with pytest.raises(SystemExit) as end:
            work()
    assert end.value.code == 128 + signal.SIGUSR2
    assert handlers == ["queued again"]
    assert len(read_rounds(folder).rounds) == 2
    assert not overgan.load(folder).status()[0].complete
    work()
    assert all(group.complete for group in overgan.load(folder).status())
    there = overgan.run(small_spec, tmp_path / "there", deciding.changes, **HERE, threads=1, until_sure=True)
    assert results(folder) == results(there.folder)


def test_a_users_mistake_is_the_last_thing_that_a_job_says(handlers, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        SlurmGroup(str(tmp_path / "study"), 1, "cpu", 2)()
    assert end.value.code == 2
    assert re.match(r"overgan: \S+study is not there on ", capsys.readouterr().err)


def test_a_job_whose_memory_runs_out_says_so_in_one_line(handlers, monkeypatch, capsys):
    def finish(*_):
        raise WorkerError("memory ran out")

    monkeypatch.setattr("overgan.study.execute._slurm_job.finish_group", finish)
    with pytest.raises(SystemExit) as end:
        SlurmGroup("study", 1, "cpu", 2)()
    assert end.value.code == 1
    assert capsys.readouterr().err == "overgan: memory ran out\n"


@pytest.mark.slow
def test_a_group_longer_than_its_jobs_time_limit_is_queued_again_until_it_is_done(slurm, tmp_path, monkeypatch):
    from submitit.local import local

    started, start = [], local.start_controller
    monkeypatch.setattr(local, "start_controller", lambda *a, **k: started.append(start(*a, **k)) or started[-1])
    monkeypatch.setattr(local.LocalExecutor, "_valid_parameters", classmethod(lambda _cls: {"signal_delay_s"}))
    monkeypatch.setenv("PYTHONPATH", f"{Path(__file__).parents[2]}:{os.environ.get('PYTHONPATH', '')}")
    spec = COIN | {"kind": "tests.study.sleeper:SLEEPER", "widths": [4], "seeds": list(range(28))}
    study = overgan.run(spec, tmp_path / "study", executor="tests.study.sleeper:SlurmHere")
    (job,) = slurm_jobs(study.folder)
    path = study.group(4) / FILE
    deadline = time.monotonic() + 100
    while not study.status()[0].complete:
        assert time.monotonic() < deadline, (study.folder / job.log).read_text()
        time.sleep(0.1)
    assert started[0].wait(60) == 0
    ended = [json.loads(line)["heads"] for line in path.read_text().splitlines()]
    assert len(ended) == 28  # none twice
    pauses = [later - earlier for earlier, later in itertools.pairwise(ended)]
    assert max(pauses) > 2 * RUN_SECONDS  # in which the job started again
    log = (study.folder / str(job.log).replace(".err", ".out")).read_text()
    assert "Requeued job" in log
