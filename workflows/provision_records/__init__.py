"""Provision records (情報提供等記録, 法23条) and their proof."""
