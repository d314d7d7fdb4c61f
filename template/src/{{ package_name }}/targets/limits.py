"""What is asked of an exported model before it may exist."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How far from the trained model an artifact's answers on the test split may be."""

    tolerance: float
    """largest error of an output; 1.0 where only the answers count"""
    agreement: float
    """least share of equal answers, 0 to 1"""
    accuracy_loss: float = 1.0
    """most accuracy that may be lost, 0 to 1: 0.02 is two points"""
