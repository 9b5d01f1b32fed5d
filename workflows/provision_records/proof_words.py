"""What the checker of a proof is told, in Japanese and English: what was found, and what to do when it does not hold."""

AGAIN = "受け取ったままのファイルをもう一度ダウンロードして確かめてください。"
AGAIN_EN = "Download the file again and check it as it came."
REPORT = "窓口か個人情報保護委員会に、このファイルを添えて知らせてください。"
REPORT_EN = "Tell the office or the Personal Information Protection Commission, with this file."

WORDS: dict[str, dict[str, str]] = {
    "file-too-large": {
        "ja": f"ファイルが大きすぎます。証明ファイルではありません。{AGAIN}",
        "en": f"The file is too large to be a proof file. {AGAIN_EN}",
    },
    "file-not-json": {
        "ja": f"証明ファイルではないか、途中で切れています。{AGAIN}",
        "en": f"This is not a proof file, or it is cut off. {AGAIN_EN}",
    },
    "file-not-canonical": {
        "ja": f"受け取ったあとで書き直されています（空白や並び順を含めて、一字でも変えると確かめられません）。{AGAIN}",
        "en": f"The file was rewritten after it was handed out, be it only a space or an order. {AGAIN_EN}",
    },
    "file-duplicate-key": {
        "ja": f"同じ名前の欄が二つあります。読む道具によって違って見えるので、証明として扱いません。{REPORT}",
        "en": f"A field stands there twice and could read differently in different tools. {REPORT_EN}",
    },
    "file-wrong-shape": {
        "ja": f"証明ファイルの形が正しくありません（{{where}}）。{AGAIN}",
        "en": f"The proof file is malformed ({{where}}). {AGAIN_EN}",
    },
    "file-unknown-format": {
        "ja": f"この種類の証明ファイルではありません（団体の一覧への窓口の署名がないか、この道具が知らない版です）。{AGAIN}"
        "それでも同じなら、新しい版の道具で確かめてください。",
        "en": "This is not a proof file of this kind: it lacks the portal's signed list of offices, or is of a version that this tool"
        f" does not know. {AGAIN_EN} If it is refused again, use a newer tool.",
    },
    "part-twice": {
        "ja": f"同じ人の記録が二か所に分けて書かれています。{REPORT}",
        "en": f"The same person stands in the file twice. {REPORT_EN}",
    },
    "checkpoint-malformed": {
        "ja": f"{{tenant}}: 封印の記録（チェックポイント）の形が正しくありません。{AGAIN}",
        "en": f"{{tenant}}: the checkpoint is malformed. {AGAIN_EN}",
    },
    "checkpoint-of-another": {
        "ja": f"{{tenant}}: 別の団体か別の台帳のチェックポイントが付いています。{REPORT}",
        "en": f"{{tenant}}: the checkpoint is that of another office or another log. {REPORT_EN}",
    },
    "signature-holds": {
        "ja": "{tenant}: チェックポイントに、公表された鍵による正しい署名があります（鍵 {fingerprint}）。",
        "en": "{tenant}: the checkpoint is signed with a published key (key {fingerprint}).",
    },
    "signature-key-unchecked": {
        "ja": "{tenant}: 署名は正しいですが、鍵が本当にこの団体のものかは確かめていません。"
        "窓口の画面に掲示された鍵の指紋が {fingerprint} と同じか見るか、--trust を付けて確かめてください。",
        "en": "{tenant}: the signature is correct, but nobody vouched for the key. Compare the fingerprint {fingerprint}"
        " with the one the office publishes, or check again with --trust.",
    },
    "signature-unknown-key": {
        "ja": f"{{tenant}}: 公表された鍵ではない鍵で署名されています（鍵 {{fingerprint}}）。{REPORT}",
        "en": f"{{tenant}}: signed with a key that is not published (key {{fingerprint}}). {REPORT_EN}",
    },
    "signature-broken": {
        "ja": f"{{tenant}}: チェックポイントの署名が合いません。{REPORT}",
        "en": f"{{tenant}}: the signature of the checkpoint does not hold. {REPORT_EN}",
    },
    "stamp-holds": {
        "ja": "{tenant}: 時刻認証局が、{at}（日本時間）に存在したと認めています。",
        "en": "{tenant}: the time-stamp authority confirms that it existed at {at} (Japan).",
    },
    "stamp-none": {
        "ja": "{tenant}: このチェックポイントには、まだタイムスタンプがありません。後でもう一度ダウンロードすると付いています。",
        "en": "{tenant}: this checkpoint has no time stamp yet. Download again later.",
    },
    "stamp-unchecked": {
        "ja": "{tenant}: タイムスタンプは、信頼する認証局が示されていないので確かめていません。--trust を付けてください。",
        "en": "{tenant}: the time stamp was not checked: no authority to trust was given. Use --trust.",
    },
    "stamp-broken": {
        "ja": f"{{tenant}}: タイムスタンプが、このチェックポイントのものではないか、信頼する認証局のものではありません。{REPORT}",
        "en": f"{{tenant}}: the time stamp is not of this checkpoint or not by a trusted authority. {REPORT_EN}",
    },
    "record-of-another": {
        "ja": f"{{tenant}}: 記録 {{record}} は別の人か別の団体のものです。{REPORT}",
        "en": f"{{tenant}}: record {{record}} is about another person or office. {REPORT_EN}",
    },
    "record-order": {
        "ja": f"{{tenant}}: 記録 {{record}} の順番が正しくないか、二度書かれています。{REPORT}",
        "en": f"{{tenant}}: record {{record}} is out of order or stands there twice. {REPORT_EN}",
    },
    "record-not-sealed": {
        "ja": f"{{tenant}}: 記録 {{record}} は、封印された内容と違います（書き換えられたか、加えられた記録です）。{REPORT}",
        "en": f"{{tenant}}: record {{record}} is not what was sealed: it was changed or added. {REPORT_EN}",
    },
    "records-sealed": {
        "ja": "{tenant}: {count} 件の記録は、どれも封印されたときのままです。",
        "en": "{tenant}: all {count} records are as they were sealed.",
    },
    "records-whole": {
        "ja": "{tenant}: 封印された件数 {counted} 件と一致します。抜けている記録はありません。",
        "en": "{tenant}: the sealed count is {counted}; no record is missing.",
    },
    "records-missing": {
        "ja": f"{{tenant}}: 封印されたのは {{counted}} 件ですが、ファイルには {{count}} 件しかありません。記録が抜けています。{REPORT}",
        "en": f"{{tenant}}: {{counted}} records were sealed, the file has {{count}}: records are missing. {REPORT_EN}",
    },
    "records-added": {
        "ja": f"{{tenant}}: 封印されたのは {{counted}} 件ですが、ファイルには {{count}} 件あります。{REPORT}",
        "en": f"{{tenant}}: {{counted}} records were sealed, the file has {{count}}. {REPORT_EN}",
    },
    "records-other": {
        "ja": f"{{tenant}}: 件数は合いますが、この人の記録として封印されたものと違います。{REPORT}",
        "en": f"{{tenant}}: the count is right, but these are not the records sealed for this person. {REPORT_EN}",
    },
    "records-none": {
        "ja": "{tenant}: この人の記録は封印されていません（記録が一件もないときは、ないことしか言えません）。",
        "en": "{tenant}: no record is sealed for this person; of an empty list no more can be said.",
    },
    "office-missing": {
        "ja": "{tenant}: この団体の記録があるはずと指定されましたが、このファイルでは証明されていません。"
        f"団体の部分が切り取られたのかもしれません。本人から、受け取ったままのファイルをもらってください。{REPORT}",
        "en": "{tenant}: records of this office were expected, and this file does not prove them; its part may have been cut out."
        f" Ask the person for the file as it was handed out. {REPORT_EN}",
    },
    "offices-silent": {
        "ja": "このファイルは、次の {count} 団体については何も言っていません: {tenants}"
        "（その団体に本人の記録がないか、その団体の部分が除かれています。あるはずの団体は --office で指定して確かめてください）。",
        "en": "This file says nothing about {count} offices: {tenants} (they have no record of the person, or their part was"
        " taken out; name the offices you expect with --office).",
    },
    "office-nothing": {
        "ja": "{tenant}: この団体の記録があるはずと指定されましたが、窓口は、この団体には見せる記録がないと署名しています。"
        "この団体の署名ではありません。その団体か本人に確かめてください。",
        "en": "{tenant}: records of this office were expected, and the portal signed that it has none to show; the office itself"
        " did not. Ask the office or the person.",
    },
    "list-signed": {
        "ja": "このファイルに入っている団体の一覧（{count} 団体）と中身は、窓口が {at}（日本時間）に署名したとおりです（鍵 {fingerprint}）。"
        "一覧に責任を持つのは窓口で、団体ではありません。",
        "en": "The list of the {count} offices in this file, and their parts, are as the portal signed them at {at} (Japan; key"
        " {fingerprint}). It is the portal that vouches for the list, not the offices.",
    },
    "list-key-unchecked": {
        "ja": "このファイルに入っている団体の一覧（{count} 団体、{at} 日本時間）には正しい署名がありますが、鍵が本当に窓口のものかは確かめていません"
        "（鍵 {fingerprint}）。窓口がいま公表している鍵のファイルを、--trust に付けて確かめてください。",
        "en": "The list of the {count} offices in this file ({at}, Japan) is correctly signed, but nobody vouched for the portal's key"
        " ({fingerprint}). Check again with --trust and the keys the portal publishes now.",
    },
    "list-empty": {
        "ja": "どの団体の記録も入っていません。窓口は、見せる記録がどの団体にもないとだけ言っています。",
        "en": "The file holds no office's records: the portal says that none has any to show, and no more can be said.",
    },
    "list-nothing": {
        "ja": "窓口は、次の {count} 団体には、この人に見せる記録がないと言っています: {tenants}（団体は署名していません）。",
        "en": "The portal says that {count} offices have no record to show this person: {tenants} (the offices did not sign this).",
    },
    "list-unanswered": {
        "ja": "次の {count} 団体からは、答えが得られていません: {tenants}。あとでもう一度受け取ってください。",
        "en": "{count} offices gave no answer: {tenants}. Get the file again later.",
    },
    "list-malformed": {
        "ja": f"団体の一覧（窓口の署名した文）の形が正しくありません。{AGAIN}",
        "en": f"The portal's signed list of offices is malformed. {AGAIN_EN}",
    },
    "list-broken": {
        "ja": f"団体の一覧への窓口の署名が合いません。{REPORT}",
        "en": f"The portal's signature on the list of offices does not hold. {REPORT_EN}",
    },
    "list-unknown-key": {
        "ja": f"団体の一覧は、窓口が公表した鍵ではない鍵で署名されています（鍵 {{fingerprint}}）。{REPORT}",
        "en": f"The list of offices is signed with a key that the portal did not publish (key {{fingerprint}}). {REPORT_EN}",
    },
    "list-key-ended": {
        "ja": f"団体の一覧は、そのとき（{{at}} 日本時間）には使われていない鍵で署名されています（鍵 {{fingerprint}}）。{REPORT}",
        "en": f"The list of offices is dated {{at}} (Japan), when its key was not in use (key {{fingerprint}}). {REPORT_EN}",
    },
    "list-older": {
        "ja": f"団体の一覧の日時（{{at}} 日本時間）が、入っている記録の封印より前です。{REPORT}",
        "en": f"The list of offices is dated {{at}} (Japan), before what it lists was sealed. {REPORT_EN}",
    },
    "list-cut": {
        "ja": f"{{tenant}}: 窓口が渡したときには入っていたこの団体の部分が、切り取られています。{REPORT}",
        "en": f"{{tenant}}: this office's part was in the file as the portal handed it out, and was cut out. {REPORT_EN}",
    },
    "list-added": {
        "ja": f"{{tenant}}: 窓口が渡したときにはなかった団体の部分が、加えられています。{REPORT}",
        "en": f"{{tenant}}: this office's part was not in the file as the portal handed it out. {REPORT_EN}",
    },
    "list-changed": {
        "ja": f"{{tenant}}: この団体の部分が、窓口が渡したものと違います（別のファイルのものか、書き換えられています）。{REPORT}",
        "en": f"{{tenant}}: this office's part is not what the portal handed out: it is from another file, or was changed. {REPORT_EN}",
    },
    "map-broken": {
        "ja": f"{{tenant}}: 人ごとの件数の表が、署名されたチェックポイントと合いません。{REPORT}",
        "en": f"{{tenant}}: the table of counts does not lead to the signed checkpoint. {REPORT_EN}",
    },
    "pending": {
        "ja": "{tenant}: まだ封印されていない新しい記録が {count} 件あります（ふつう1分以内に封印されます）。",
        "en": "{tenant}: {count} new records are not sealed yet (usually within a minute).",
    },
    "pending-stray": {
        "ja": f"{{tenant}}: 未封印の記録に、別の人か別の団体のものが混じっています。{REPORT}",
        "en": f"{{tenant}}: a record not sealed yet is about another person or office. {REPORT_EN}",
    },
}
