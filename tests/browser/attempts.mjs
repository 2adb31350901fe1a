// What a page might be made to do by what it shows, one attempt a rule of its policy.

/** Each attempt has to be refused by the policy itself, and named in what it refused. */
export const attempts = {
  "script-src-elem":
    "const one = document.createElement('script'); one.textContent = 'window.firnHtml = true'; document.body.append(one);",
  "script-src-attr":
    "const one = document.createElement('div'); one.innerHTML = '<p onclick=\"window.firnHtml = true\">x</p>'; document.body.append(one); one.firstChild.click();",
  "script-src": "setTimeout('window.firnHtml = true');",
  "img-src":
    "const one = document.createElement('img'); one.src = 'https://example.com/x.png'; document.body.append(one);",
  "connect-src": "fetch('https://example.com/').catch(() => {});",
  "style-src-attr":
    "const one = document.createElement('div'); one.innerHTML = '<p style=\"color: red\">x</p>'; document.body.append(one);",
  "style-src-elem":
    "const one = document.createElement('style'); one.textContent = 'body { color: red }'; document.body.append(one);",
  "frame-src":
    "const one = document.createElement('iframe'); one.src = 'https://example.com/'; document.body.append(one);",
  "object-src":
    "const one = document.createElement('object'); one.data = 'https://example.com/x.swf'; document.body.append(one);",
  "form-action":
    "const one = document.createElement('form'); one.action = 'https://example.com/'; document.body.append(one); one.submit();",
  "base-uri":
    "const one = document.createElement('base'); one.href = 'https://example.com/'; document.head.append(one);",
};
