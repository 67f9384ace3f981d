/**
 * The page's words, in English and Chinese.
 * @module
 */

const WORDS = {
  en: {
    title: 'Frontdesk sandbox', starting: 'Frontdesk is starting …', lost: 'The sandbox does not answer. Is it still running?',
    tabs: 'What to look at', telegram: 'Telegram', wechat: 'WeChat', slack: 'Slack', customer: 'Customer: Mei Chen',
    you: 'You are', write: 'Write a message', send: 'Send', picture: 'Send a picture', change: 'Change', changed: 'edited',
    failed: 'not taken', channel: '#support', empty_phone: 'Write something. The bot greets first; ask for a person to see a new thread at the right.',
    empty_slack: 'Conversations appear here when a customer needs a person.', choose: 'Choose a conversation.',
    thread: 'Thread', back: 'All conversations', replies: (/** @type {number} */ n) => (n === 1 ? '1 reply' : `${n} replies`), no_replies: 'Open thread',
    reply: 'Reply in the thread; it goes to the customer', command: '/frontdesk queue, me, find, help', alone: 'Only visible to you',
    app: 'APP', more: 'More actions', send_it: 'Send to customer', make_note: 'Make note', remove: 'Delete', cancel: 'Cancel', save: 'Save',
    close: 'Close', pick: 'Choose …', search: 'Search', hints: 'Try !n a note, !help, !resolve, !r thanks', console: 'Web console', other: '中文', refused: 'That did not work: ',
  },
  zh: {
    title: 'Frontdesk 体验环境', starting: 'Frontdesk 正在启动…', lost: '体验环境没有回应，它还在运行吗？',
    tabs: '查看', telegram: 'Telegram', wechat: '微信', slack: 'Slack', customer: '客户：陈梅',
    you: '您的身份', write: '输入消息', send: '发送', picture: '发送图片', change: '修改', changed: '已编辑',
    failed: '未被接收', channel: '#support', empty_phone: '请输入消息。机器人会先问候；请求人工服务后，右侧会出现新的会话。',
    empty_slack: '客户需要人工服务时，会话会出现在这里。', choose: '请选择一个会话。',
    thread: '消息列', back: '所有会话', replies: (/** @type {number} */ n) => `${n} 条回复`, no_replies: '打开消息列',
    reply: '在消息列中回复，内容会发给客户', command: '/frontdesk queue、me、find、help', alone: '仅您可见',
    app: '应用', more: '更多操作', send_it: '发送给客户', make_note: '改为备注', remove: '删除', cancel: '取消', save: '保存',
    close: '关闭', pick: '请选择…', search: '搜索', hints: '试试：!n 备注、!help、!resolve、!r thanks', console: '网页控制台', other: 'English', refused: '操作未成功：',
  },
};

/** @type {'en' | 'zh'} */
let lang = 'en';

/** @param {string} wanted */
export function speak(wanted) {
  lang = wanted.startsWith('zh') ? 'zh' : 'en';
  document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
}

export const spoken = () => lang;

/** @param {Exclude<keyof typeof WORDS.en, 'replies'>} name */
export const t = (name) => WORDS[lang][name];

/** @param {number} n */
export const replies = (n) => (n ? WORDS[lang].replies(n) : t('no_replies'));
