from harmaug.config import DistillConfig


def test_how_often_a_student_is_saved_names_no_other_student() -> None:
    usual, often = DistillConfig(), DistillConfig(checkpoint_minutes=1)
    assert usual.identity() == often.identity()
    assert usual.identity() != DistillConfig(learning_rate=1e-4).identity()
    assert usual.identity() != DistillConfig(layers=2).identity()
