"""Forms of signing in. What a browser's key answers comes as JSON in one hidden field."""

from __future__ import annotations

from wtforms import Form, HiddenField, StringField
from wtforms.validators import InputRequired, Length

from portal.identity.passkey_checks import MAX_CREDENTIAL


class CredentialForm(Form):
    """A key's answer."""

    credential = HiddenField(validators=[InputRequired(), Length(max=MAX_CREDENTIAL)])


class EnrolForm(CredentialForm):
    """A new key with its label, and the code it is enrolled with (not for a further key)."""

    code = StringField(validators=[Length(max=64)])
    label = StringField(validators=[Length(max=200)])
