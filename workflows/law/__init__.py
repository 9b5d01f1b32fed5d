"""Law as dated data: who may ask whom for what, which numbers hold on which day, and the calendar they are counted by."""
