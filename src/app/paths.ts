import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const inProject = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

export const MIGRATIONS = inProject('migrations')

export const OPENAPI = inProject('openapi.json')

export const EXAMPLE_ENV = inProject('.env.example')

export const PROMPTS = inProject('prompts')

export const LLM_REGISTRY = inProject('config/llm.yaml')

export const EXAMPLES = inProject('examples')

export const VERSION: string = JSON.parse(readFileSync(inProject('package.json'), 'utf8')).version
