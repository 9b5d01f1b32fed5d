"""意見聴取: opinions of anybody on a statement before it is final (番号法28条1項・規則7条1項)."""
