/**
 * Hosts of video platforms, with all below them. Their pages hold a player and no film, and most of them forbid to take it from there
 * (https://www.youtube.com/t/terms, "Permissions and Restrictions").
 */
const HOSTS = [
  'youtube.com',
  'youtu.be',
  'youtube-nocookie.com',
  'vimeo.com',
  'twitch.tv',
  'dailymotion.com',
  'dai.ly',
  'tiktok.com',
  'fb.watch',
  'loom.com',
  'wistia.com',
  'drive.google.com',
]

/** Hosts with more than videos: which of their addresses are one. */
const PATHS: Record<string, RegExp> = {
  'facebook.com': /^\/(?:watch|reel|live|videos|video\.php|share\/[vr]\/|[^/]+\/videos\/)/i,
  'instagram.com': /^\/(?:reels?|tv|(?:[^/]+\/)?reel)\//i,
}

/** Whether an address is of a video platform, where there is a page about a film but no film to be read. */
export function isVideoPlatform(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { hostname, pathname } = new URL(url)
  const host = hostname.toLowerCase().replace(/\.$/, '')
  const isOf = (known: string) => host === known || host.endsWith(`.${known}`)
  return HOSTS.some(isOf) || Object.entries(PATHS).some(([known, path]) => isOf(known) && path.test(pathname))
}
