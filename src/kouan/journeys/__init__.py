"""Stories that go across contexts."""
