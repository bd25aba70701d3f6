"""The words of the refusals about drafts and their files."""

from app.infra.http.problems import problems, reasons

#: Also what a case says of a new text.
LINE_SCHEDULED = (
    "“{line}”已签发，定于 {release_at} 发布，此前不能改稿；确需改动，请先取消定时。",
    "A line is scheduled to go out; take the schedule back first.",
)

problems(
    {
        "not_set": ("排不成 PDF，请按下列各条修改。", "The text cannot be set on pages."),
        "content_too_large": (
            "内容有 {bytes} 字节，超过 {limit} 字节的上限，请压缩或拆分后再提交。",
            "The content is too large.",
        ),
        "file_too_large": ("文件超过 {limit} MB 的上限，请压缩图片后再交。", "The file is too large."),
        "conversion_busy": (
            "正在处理别的大文件，请过半分钟再交。",
            "Other large texts are being converted; try again in half a minute.",
        ),
        "content_unusable": ("内容无法收稿，请按下列各条修改。", "The content cannot be taken in."),
        "targets_unknown": ("投稿去向有误，请按下列各条修改。", "Some targets are not to be had."),
        "not_with_author": ("稿件不在编辑手中，现在不能修改。", "The draft is not in its author's hands."),
        "line_scheduled": LINE_SCHEDULED,
        "edited_meanwhile": (
            "您打开以后，别人也改了这篇稿件。两边的改动已合在一起，还没有保存，请看过再保存。",
            "Somebody else changed the text since it was read; look at both changes before saving.",
        ),
        "edited_apart": (
            "您打开以后，别人也改了这篇稿件，有的地方和您改的是同一处。还没有保存，请逐处选择后再保存。",
            "Somebody else changed the same places of the text since it was read; choose for each.",
        ),
        "choose_each": (
            "还有两边都改过的地方没有选择，请按下列各条选择。",
            "A choice is missing for some places that both sides changed.",
        ),
        "already_submitted": (
            "稿件已经提交过，去向不能再改。",
            "The draft was submitted before; its targets stay.",
        ),
        "asset_too_large": ("文件超过 20 MB 的上限。", "The file is larger than 20 MB."),
        "asset_type_refused": (
            "不接受这个文件：{why}。可用：PNG、JPEG、WebP、GIF、PDF、DOCX、XLSX、CSV、TXT。",
            "This kind of file is not taken.",
        ),
        "asset_false_name": (
            "文件“{name}”的内容其实是{kind}，和名字的结尾不符，请改正名字后再上传。",
            "The file's name ends like another kind of file than its bytes are.",
        ),
    }
)
reasons(
    {
        "glyphs_missing": "排版用的字体没有这些字：{characters}。请换用规范字或者改成图片。",
        "control_character": "第 {at} 个字符是控制字符（{name}），请删去。",
        "title_missing": "缺少标题：请填写标题，或在正文第一行写标题。",
        "content_empty": "正文为空。",
        "address_scheme": "来源链接须以 http:// 或 https:// 开头。",
        "address_character": "来源链接里有空格、引号、反斜杠或看不见的字符，请删去。",
        "address_incomplete": "来源链接缺少网站的域名，或端口有误，请填写完整的网址。",
        "only_left_out": "来稿里有{what}，都没有收进正文。{why}",
        "too_many_blocks": "内容多于 {limit} 段，请拆成几篇再交。",
        "table_too_large": "表格合计多于 {limit} 格，请拆成几篇，或作为附件上传。",
        "conversion_too_heavy": (
            "排版太复杂，在限定的时间和内存里读不完，没有收稿。"
            "请去掉多余的嵌套、表格和标记，或拆成几篇，或改用纯文本。"
        ),
        "file_and_text": "已选了文件，又填了正文：请只留一样。",
        "not_base64": "Word 文件的内容应为 Base64 编码。",
        "file_kind": "{what}。",
        "package_damaged": (
            "文件已损坏（{part} 读不出来），没有收稿。请在本机用 Word 或 WPS 打开，另存后重新上传。"
        ),
        "package_has_dtd": "文件里带有 XML 实体声明（DTD），正常的 Word 文档没有，可能有害，没有收稿。",
        "package_inflates": "文件解压后过大（单个部件至多 {limit} MB），像是压缩炸弹，没有收稿。",
        "package_too_many_parts": "文件里的部件多于 {limit} 个，没有收稿。",
        "line_scheduled": LINE_SCHEDULED[0],
        "content_wrong_type": "这种格式的内容应为{expected}。",
        "nested_too_deep": "内容嵌套层次过深。",
        "targets_missing": "至少要写明一个去向（阵地和栏目）。",
        "unknown_asset": "稿件没有这个文件：{sha256}。请先上传。",
        "asset_empty": "文件是空的。",
    }
)
