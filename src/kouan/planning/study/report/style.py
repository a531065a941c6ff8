"""How a report looks: on a screen and on paper."""

STYLE = """
:root{color-scheme:light}*{box-sizing:border-box}
body{font:14px/1.5 system-ui,"Noto Sans CJK SC","Noto Sans",sans-serif;color:#1d2329;background:#fff;margin:0 auto;
max-width:820px;padding:24px}
h1{font-size:24px;margin:0 0 4px}h2{font-size:16px;margin:28px 0 8px;border-bottom:1px solid #c3c6c8;padding-bottom:4px}
h3{font-size:14px;margin:16px 0 4px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th{text-align:left;font-weight:600}th.n{text-align:right}
.n{text-align:right}td,th{padding:3px 8px 3px 0;border-bottom:1px solid #e6e7e8;vertical-align:top}
svg{width:100%;height:auto;display:block}svg text{font:11px system-ui,"Noto Sans CJK SC",sans-serif;fill:#5b646c}
.grid{stroke:#e6e7e8}.bar{fill:#24507a}.mean{fill:none;stroke:#24507a;stroke-width:2}
.high{fill:none;stroke:#8d969e;stroke-width:1.2;stroke-dasharray:4 3}.track{fill:none;stroke:#24507a;stroke-opacity:.35}
.lead li{font-size:16px;margin:6px 0}.muted{color:#5b646c}input{position:absolute;opacity:0}
label{display:inline-block;padding:2px 10px;border:1px solid #c3c6c8;margin:0 4px 12px 0;cursor:pointer}
input:checked+label{background:#24507a;color:#fff}input:focus-visible+label{outline:2px solid #1d2329}
section{display:none}#zh:checked~.zh,#en:checked~.en{display:block}
@media print{label{display:none}body{padding:0;max-width:none}h2{break-after:avoid}table,svg{break-inside:avoid}}
@page{margin:16mm}
"""
"""The style sheet; a server that shows the report allows it, and it alone, by its digest."""
