"""A journal that was torn, a database that is away for a while, studies that do not mix."""

import json
from concurrent.futures import ThreadPoolExecutor

import optuna
import pytest
from longnn.experiments.sweep import storage
from longnn.experiments.sweep.storage import mend_journal, open_storage, stored_name
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.exc import OperationalError

TORN = b'{"op_code":5,"worker_id":"a","tri'


def filled(directory, trials: int = 3):
    """A study of so many trials in a journal, and the file."""
    study = optuna.create_study(storage=open_storage(directory, "journal"), study_name="one")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=trials)
    return directory / "study.log"


def numbers(directory) -> list[int]:
    """Of the trials that a journal tells of."""
    study = optuna.load_study(study_name="one", storage=open_storage(directory, "journal"))
    return [trial.number for trial in study.get_trials()]


def test_a_torn_end_is_put_aside(tmp_path, caplog):
    journal = filled(tmp_path)
    whole = journal.read_bytes()
    journal.write_bytes(whole + TORN)
    assert numbers(tmp_path) == [0, 1, 2]
    assert journal.read_bytes() == whole
    assert (tmp_path / "study.log.torn").read_bytes() == TORN + b"\n"
    assert "were written in part" in caplog.text


def test_a_record_behind_a_torn_one_is_kept(tmp_path):
    """As an earlier version left it, which wrote on where a line was torn."""
    journal = filled(tmp_path)
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:-1], TORN, lines[-1]]))
    assert numbers(tmp_path) == [0, 1, 2]
    assert journal.read_bytes() == b"".join(lines)
    assert (tmp_path / "study.log.torn").read_bytes() == TORN + b"\n"


def test_a_journal_that_is_torn_while_it_is_open(tmp_path):
    journal = filled(tmp_path)
    study = optuna.load_study(study_name="one", storage=open_storage(tmp_path, "journal"))
    with journal.open("ab") as out:
        out.write(TORN)  # another process, whose disk is full
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    assert numbers(tmp_path) == [0, 1, 2, 3]
    for line in journal.read_text().splitlines():
        json.loads(line)


def test_a_whole_journal_stays_as_it_is(tmp_path):
    journal = filled(tmp_path)
    before = journal.stat()
    mend_journal(journal)
    mend_journal(tmp_path / "missing")
    after = journal.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert not (tmp_path / "study.log.torn").exists()


def test_many_may_make_the_tables_at_once(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: open_storage(tmp_path, "sqlite"), range(8)))
    assert all(one.get_all_studies() == [] for one in made)


def test_a_database_that_is_away_for_a_while_is_asked_again(tmp_path, monkeypatch, caplog):
    study = optuna.create_study(storage=open_storage(tmp_path, "sqlite"), study_name="one")
    monkeypatch.setattr(storage.time, "sleep", lambda _: None)
    answers, ask = iter([False, False, True]), RDBStorage.set_trial_state_values

    def away(self, *arguments, **named):
        if not next(answers, True):
            problem = OperationalError("UPDATE", {}, Exception("server closed the connection"))
            raise StorageInternalError("no") from problem
        return ask(self, *arguments, **named)

    monkeypatch.setattr(RDBStorage, "set_trial_state_values", away)
    study.tell(study.ask(), 1.0)
    assert study.best_value == 1.0
    assert caplog.text.count("the database does not answer, it is asked again") == 1
    monkeypatch.setattr(storage, "PATIENCE", -1.0)
    answers = iter([False])
    with pytest.raises(StorageInternalError):
        study.tell(study.ask(), 1.0)


def test_studies_of_two_directories_in_one_database_have_two_names(tmp_path):
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    names = {stored_name(tmp_path / name, url, "search-1") for name in ("one", "two", "one")}
    assert len(names) == 2
    assert stored_name(tmp_path / "one", "journal", "search-1") == "search-1"
    with ThreadPoolExecutor(8) as pool:
        (tmp_path / "three").mkdir()
        same = pool.map(lambda _: stored_name(tmp_path / "three", url, "search-1"), range(16))
    assert len(set(same)) == 1
