// What the pages say, by language. A text with {name} has something put in there.

const ENGLISH = {
  email: "E-mail",
  name: "Your name",
  password: "Password",
  rule: "At least 12 characters: a few words that only you put together.",
  wait: "Try again in {seconds} s.",
  lost: "The gateway cannot be reached. Try again.",
  setupTitle: "Become the first owner",
  setupText: "This installation has no owner yet. You read its terminal, so it is yours.",
  setupDone: "This installation has an owner.",
  setupButton: "Become the owner",
  noLink: "This link is not whole",
  noLinkText: "What follows # is missing. Copy the link again, to its end.",
  joinTitle: "Join {workspace}",
  joinText: "{email} is invited as {role}.",
  joinName: "Leave it empty if you have an account here.",
  joinPassword: "A new one of at least 12 characters; with an account, the one that you have.",
  joinButton: "Join",
  signInTitle: "Sign in",
  signInButton: "Sign in",
  signInInstead: "Sign in instead",
  or: "or",
  hello: "Hello, {name}",
  signedIn: "You have signed in as {email}.",
  workspaces: "Your workspaces",
  none: "You are a member of no workspace. Ask an owner for an invitation.",
  next: "Manage them with the command line (modelbay --help) or over the",
  api: "management API",
  signOut: "Sign out",
  owner: "owner",
  admin: "admin",
  member: "member",
};

const CHINESE = {
  email: "电子邮箱",
  name: "您的姓名",
  password: "密码",
  rule: "至少 12 个字符：用几个只有您会这样组合的词。",
  wait: "请在 {seconds} 秒后重试。",
  lost: "无法连接网关，请重试。",
  setupTitle: "成为首位所有者",
  setupText: "此安装还没有所有者。您能看到它的终端，所以它由您掌管。",
  setupDone: "此安装已有所有者。",
  setupButton: "成为所有者",
  noLink: "链接不完整",
  noLinkText: "缺少 # 之后的内容。请重新完整复制链接。",
  joinTitle: "加入 {workspace}",
  joinText: "{email} 受邀成为{role}。",
  joinName: "如果您在此已有账户，请留空。",
  joinPassword: "新密码至少 12 个字符；已有账户则填写现有密码。",
  joinButton: "加入",
  signInTitle: "登录",
  signInButton: "登录",
  signInInstead: "改为登录",
  or: "或",
  hello: "您好，{name}",
  signedIn: "您已以 {email} 登录。",
  workspaces: "您的工作空间",
  none: "您还不是任何工作空间的成员。请向所有者索取邀请。",
  next: "请使用命令行 (modelbay --help) 管理，或使用",
  api: "管理 API",
  signOut: "退出登录",
  owner: "所有者",
  admin: "管理员",
  member: "成员",
};

export const LANGUAGES = { en: ENGLISH, "zh-Hans": CHINESE };

/** Return the language to speak: the first that the browser wants and we have. */
export function chosen(wanted) {
  const found = wanted.map((each) => each.toLowerCase()).find((each) => /^(en|zh)\b/.test(each));
  return found?.startsWith("zh") ? "zh-Hans" : "en";
}

/** Return what says texts in a language. */
export function speaker(language) {
  const texts = LANGUAGES[language];
  return (name, values = {}) =>
    texts[name].replace(/\{(\w+)\}/g, (whole, key) => String(values[key] ?? whole));
}
